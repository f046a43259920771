"""What the tests of pokered-env share: a private cache folder and cartridges assembled here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pokered_env.game import ram
from pokered_env.game.game_state import GameState
from pokered_env.game.profiles import pokemon_red
from pokered_env.game.ram import Symbol
from pokered_env.recording.conformance import Recording

_HEADER = slice(0x134, 0x14D)


def build_tiny_rom(title: bytes = b"TINY", cartridge_type: int = 0x00) -> bytes:
    """Return a 32 KiB ROM that counts VBlanks at 0xC000 and halts in between.

    With ``cartridge_type`` 0x13 (MBC3, RAM, battery) it is one whose RAM PyBoy would keep on disk.
    """
    rom = bytearray(0x8000)
    rom[0x40:0x45] = b"\x21\x00\xc0\x34\xd9"  # vblank: ld hl,0xC000; inc (hl); reti
    rom[0x100:0x104] = b"\x00\xc3\x50\x01"  # nop; jp 0x0150
    rom[0x150:0x159] = b"\x3e\x01\xe0\xff\xfb\x76\x00\x18\xfc"  # IE = 1; ei; loop: halt
    rom[0x134 : 0x134 + len(title)] = title
    rom[0x147] = cartridge_type
    rom[0x149] = 0x03 if cartridge_type else 0x00
    rom[0x14D] = sum(-byte - 1 for byte in rom[_HEADER]) & 0xFF
    return bytes(rom)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POKERED_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("POKERED_DATA", str(tmp_path_factory.mktemp("data")))
        patch.delenv("POKERED_ROM", raising=False)
        yield


@pytest.fixture
def write_tiny_rom(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tiny ROM into a folder of its own and returns its path."""

    def write(**options: object) -> Path:
        path = tmp_path / "cartridge" / "tiny.gb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(build_tiny_rom(**options))  # type: ignore[arg-type]
        return path

    return write


Poke = tuple[Symbol, bytes]


@pytest.fixture(scope="session")
def make_memory() -> Callable[..., Recording]:
    """Return a function that makes a memory of zeros but for the given (symbol, bytes)."""

    def make(*pokes: Poke) -> Recording:
        memory = np.zeros(0x10000, np.uint8)
        for symbol, raw in pokes:
            memory[symbol.address : symbol.address + len(raw)] = list(raw)
        return Recording(
            {
                "vram": memory[0x8000:0xA000],
                "wram": memory[0xC000:0xE000],
                "io": memory[0xFF00:0xFF4C],
                "hram": memory[0xFF80:0xFFFF],
            }
        )

    return make


def party_member(
    species: int = 1, level: int = 5, hp: int = 20, max_hp: int = 20, moves: bytes = b"\x21\0\0\0"
) -> bytes:
    """Return the 44 bytes of a party member; the level at +3 is a stale one."""
    raw = bytearray(ram.PARTY_MON_SIZE)
    raw[0], raw[3], raw[33] = species, 99, level
    raw[1:3], raw[34:36] = hp.to_bytes(2, "big"), max_hp.to_bytes(2, "big")
    raw[8:12] = moves
    return bytes(raw)


@pytest.fixture(scope="session")
def make_state(make_memory: Callable[..., Recording]) -> Callable[..., GameState]:
    """Return a function that makes a game state from what differs from an empty one."""

    def make(
        map_id: int = 0,
        x: int = 0,
        y: int = 0,
        battle: int = 0,
        party: tuple[bytes, ...] = (),
        badges: int = 0,
        events: tuple[int, ...] = (),
        seen: tuple[int, ...] = (),
        caught: tuple[int, ...] = (),
        hidden: tuple[int, ...] = (),
        hall_of_fame: int = 0,
        facing: int = 0,
        blocks: tuple[int, int] | None = None,
        has_window: bool = False,
        tileset: int = 0,
    ) -> GameState:
        """Make it; without ``blocks``, height and width, the map has its own of Pokémon Red."""
        size = pokemon_red().maps.get(map_id)
        own = (size.height // 2, size.width // 2) if size else (0, 0)
        return GameState.read(
            make_memory(
                (ram.CUR_MAP, bytes([map_id])),
                (ram.X_COORD, bytes([x])),
                (ram.Y_COORD, bytes([y])),
                (ram.CUR_MAP_SIZE, bytes(blocks or own)),
                (ram.IS_IN_BATTLE, bytes([battle])),
                (ram.PARTY_COUNT, bytes([len(party)])),
                (ram.PARTY_SPECIES, bytes(member[0] for member in party)),
                (ram.PARTY_MONS, b"".join(party)),
                (ram.BADGES, bytes([badges])),
                (ram.EVENT_FLAGS, _bits(events, 320)),
                (ram.POKEDEX_SEEN, _bits(seen, 19)),
                (ram.POKEDEX_OWNED, _bits(caught, 19)),
                (ram.HIDDEN_FOUND, _bits(hidden, 16)),
                (ram.NUM_HOF_TEAMS, bytes([hall_of_fame])),
                (ram.CUR_MAP_TILESET, bytes([tileset])),
                (ram.PLAYER_FACING, bytes([facing])),
                (ram.WINDOW_Y, bytes([0 if has_window else ram.WINDOW_HIDDEN])),
            )
        )

    return make


@pytest.fixture(scope="session")
def make_member() -> Callable[..., bytes]:
    """Return a function that makes the bytes of a party member."""
    return party_member


def _bits(numbers: tuple[int, ...], size: int) -> bytes:
    return sum(1 << number for number in set(numbers)).to_bytes(size, "little")
