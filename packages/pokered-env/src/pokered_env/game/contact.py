"""Whom and what the player faces, and what is open: read only for those who reward it."""

from __future__ import annotations

from typing import NamedTuple

from pokered_env.game import ram
from pokered_env.game.ram import Memory

Met = tuple[str, int, int]
"""`person`, map id and slot; `sign`, map id and number; or `menu`, row and column."""


class Contact(NamedTuple):
    """What lies in front of the player, and on the screen.

    Attributes:
        faces: The person next to the player, or behind a counter, else the sign; None with a window
            over the map or nobody there. A game's boulders and things to pick up are persons to it.
        has_text_box: Whether the box for texts is on the screen.
        menu: The menu whose cursor is shown, by the place of its first item.
    """

    faces: Met | None
    has_text_box: bool
    menu: Met | None


def read_contact(memory: Memory) -> Contact:
    """Read it as it is now."""
    byte = memory.read_byte
    tiles = memory.read(ram.TILE_MAP.address, ram.TILE_MAP.size)
    is_open = byte(ram.WINDOW_Y.address) != ram.WINDOW_HIDDEN
    in_battle = bool(byte(ram.IS_IN_BATTLE.address))
    cursor = int.from_bytes(memory.read(ram.MENU_CURSOR.address, 2), "little")
    place = cursor - ram.TILE_MAP.address
    has_cursor = 0 <= place < len(tiles) and tiles[place] == _CURSOR
    return Contact(
        faces=None if is_open or in_battle else _faced(memory),
        has_text_box=is_open and not in_battle and tiles[_TEXT_BOX] == _CORNER,
        menu=("menu", *memory.read(ram.TOP_MENU_ITEM.address, 2)) if has_cursor else None,
    )


def addressed(before: Contact | None, now: Contact | None) -> Met | None:
    """Return whom or what the player has addressed between two moments: a text answers."""
    if before is None or now is None or not now.has_text_box:
        return None
    return before.faces


_NOT_SHOWN = 0xFF  # picture of a person off the screen
_CURSOR, _CORNER = 0xED, 0x79  # tiles: ▶ and the upper left corner of a box
_TEXT_BOX = 12 * 20  # its corner is in row 12, column 0
_STEPS = {0x0: (0, 1), 0x4: (0, -1), 0x8: (-1, 0), 0xC: (1, 0)}  # by direction: x, y
_SPRITE_SIZE, _MAP_Y, _BORDER = 16, 4, 4  # coordinates of sprites count from 4


def _faced(memory: Memory) -> Met | None:
    byte = memory.read_byte
    map_id, x, y = (byte(s.address) for s in (ram.CUR_MAP, ram.X_COORD, ram.Y_COORD))
    dx, dy = _STEPS.get(byte(ram.PLAYER_FACING.address), (0, 0))
    persons = _persons(memory)
    if slot := persons.get((x + dx, y + dy)):
        return "person", map_id, slot
    count = min(byte(ram.NUM_SIGNS.address), ram.SIGN_COORDS.size // 2)
    coordinates = memory.read(ram.SIGN_COORDS.address, 2 * count)
    signs = list(zip(coordinates[1::2], coordinates[::2], strict=True))
    if (x + dx, y + dy) in signs:
        return "sign", map_id, signs.index((x + dx, y + dy))
    if slot := persons.get((x + 2 * dx, y + 2 * dy)):
        return "person", map_id, slot
    return None


def _persons(memory: Memory) -> dict[tuple[int, int], int]:
    """Return the slots of the persons on the screen by column and row."""
    pictures = memory.read(ram.SPRITE_STATE_1.address, ram.SPRITE_STATE_1.size)
    places = memory.read(ram.SPRITE_STATE_2.address, ram.SPRITE_STATE_2.size)
    last = min(memory.read_byte(ram.NUM_SPRITES.address), 15)
    starts = {slot: (slot - 1) * _SPRITE_SIZE for slot in range(1, last + 1)}
    return {
        (places[i + _MAP_Y + 1] - _BORDER, places[i + _MAP_Y] - _BORDER): slot
        for slot, i in starts.items()
        if pictures[i] and pictures[i + 2] != _NOT_SHOWN
    }
