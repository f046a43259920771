"""Addresses by their RAM symbol, and how their bytes are read.

Symbols and addresses are those of the community's disassembly of Pokémon Red (UE); the open
cartridge keeps the same addresses. Words of several bytes are big-endian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Memory(Protocol):
    """Anything whose bytes can be read by address: an emulator or a recording."""

    def reader(self, address: int, size: int) -> Callable[[], bytes]:
        """Return what reads the same ``size`` bytes again and again, faster than ``read``."""
        ...

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes from ``address`` on."""
        ...

    def read_byte(self, address: int, /) -> int:
        """Return the byte at ``address``."""
        ...


class Symbol(NamedTuple):
    """A variable of the game: its symbol, address and size in bytes."""

    name: str
    address: int
    size: int = 1


TILE_MAP = Symbol("wTileMap", 0xC3A0, 360)
TOP_MENU_ITEM = Symbol("wTopMenuItemY, wTopMenuItemX", 0xCC24, 2)
MENU_CURSOR = Symbol("wMenuCursorLocation", 0xCC30, 2)  # in wTileMap, little-endian
PLAYER_FACING = Symbol("wSpritePlayerStateData1FacingDirection", 0xC109)
SPRITE_STATE_1 = Symbol("wSprite01StateData1 …", 0xC110, 240)  # 16 bytes each, without the player
SPRITE_STATE_2 = Symbol("wSprite01StateData2 …", 0xC210, 240)
SIMULATED_JOYPAD_INDEX = Symbol("wSimulatedJoypadStatesIndex", 0xCD38)
JOY_IGNORE = Symbol("wJoyIgnore", 0xCD6B)
FONT_LOADED = Symbol("wFontLoaded", 0xCFC4)
WALK_COUNTER = Symbol("wWalkCounter", 0xCFC5)
IS_IN_BATTLE = Symbol("wIsInBattle", 0xD057)
PARTY_COUNT = Symbol("wPartyCount", 0xD163)
PARTY_SPECIES = Symbol("wPartySpecies", 0xD164, 6)
PARTY_MONS = Symbol("wPartyMons", 0xD16B, 6 * 44)
POKEDEX_OWNED = Symbol("wPokedexOwned", 0xD2F7, 19)
POKEDEX_SEEN = Symbol("wPokedexSeen", 0xD30A, 19)
BAG = Symbol("wNumBagItems", 0xD31D, 42)
MONEY = Symbol("wPlayerMoney", 0xD347, 3)
OPTIONS = Symbol("wOptions", 0xD355)
BADGES = Symbol("wObtainedBadges", 0xD356)
CUR_MAP = Symbol("wCurMap", 0xD35E)
Y_COORD = Symbol("wYCoord", 0xD361)
X_COORD = Symbol("wXCoord", 0xD362)
CUR_MAP_TILESET = Symbol("wCurMapTileset", 0xD367)
CUR_MAP_SIZE = Symbol("wCurMapHeight, wCurMapWidth", 0xD368, 2)  # in 32-pixel blocks
MAP_DATA_POINTER = Symbol("wMapDataPtr", 0xD36A, 2)
NUM_SIGNS = Symbol("wNumSigns", 0xD4B0)
SIGN_COORDS = Symbol("wSignCoords", 0xD4B1, 32)  # row and column of each
NUM_SPRITES = Symbol("wNumSprites", 0xD4E1)
NUM_HOF_TEAMS = Symbol("wNumHoFTeams", 0xD5A2)
HIDDEN_FOUND = Symbol("wObtainedHiddenItemsFlags, wObtainedHiddenCoinsFlags", 0xD6F0, 16)
STATUS_FLAGS_5 = Symbol("wStatusFlags5", 0xD730)
EVENT_FLAGS = Symbol("wEventFlags", 0xD747, 320)
GRASS_RATE = Symbol("wGrassRate", 0xD887)

LCD_CONTROL = Symbol("rLCDC", 0xFF40)
SCROLL_Y = Symbol("rSCY", 0xFF42)
SCROLL_X = Symbol("rSCX", 0xFF43)
BG_PALETTE = Symbol("rBGP", 0xFF47)
LCD_WINDOW_Y = Symbol("rWY", 0xFF4A)
LCD_WINDOW_X = Symbol("rWX", 0xFF4B)
AUTO_BG_TRANSFER = Symbol("hAutoBGTransferEnabled", 0xFFBA)
WINDOW_Y = Symbol("hWY", 0xFFB0)
JOY_LAST = Symbol("hJoyLast", 0xFFB1)  # what the game has seen
JOY_INPUT = Symbol("hJoyInput", 0xFFF8)  # what is pressed
RANDOM_ADD = Symbol("hRandomAdd", 0xFFD3)
RANDOM_SUB = Symbol("hRandomSub", 0xFFD4)

WINDOW_HIDDEN = 0x90  # hWY while walking
PARTY_SIZE = 6
PARTY_MON_SIZE = 44
MON_HP, MON_MAX_HP = 1, 34  # offsets in a party member
SCRIPTED_BITS = 0xA1  # of wStatusFlags5: scripted NPC or player movement, joypad disabled


def big_endian(raw: bytes) -> int:
    """Read an unsigned big-endian number."""
    return int.from_bytes(raw, "big")


def decimal(raw: bytes) -> int:
    """Read a big-endian binary-coded decimal, two digits a byte."""
    value = 0
    for byte in raw:
        value = value * 100 + (byte >> 4) * 10 + (byte & 0x0F)
    return value


def set_bits(raw: bytes) -> list[int]:
    """Return the numbers of the set bits, bit 0 being the lowest bit of the first byte."""
    bits = int.from_bytes(raw, "little")
    numbers = []
    while bits:
        lowest = bits & -bits
        numbers.append(lowest.bit_length() - 1)
        bits ^= lowest
    return numbers


def num_set_bits(raw: bytes) -> int:
    """Count the set bits."""
    return int.from_bytes(raw, "little").bit_count()
