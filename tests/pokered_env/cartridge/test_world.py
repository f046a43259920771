"""What a flag changes on a map is on the screen once the box is closed, not only in memory."""

from __future__ import annotations

import numpy as np
import pytest
from atlas import Atlas
from moments import Moment
from player import PATIENCE, Player

CHANGES = [
    # what is used, and the cell that looks different then
    ("WOOD_GATE_OPEN", "MILLBROOK", (22, 12), (22, 12)),
    ("ROCKFALL_CLEARED", "QUARRY_ROAD", (13, 10), (13, 9)),
    ("LEVER_1", "QUARRY", (8, 3), (8, 3)),
    ("LEVER_2", "QUARRY", (20, 3), (20, 3)),
    ("BEACON_GATE_OPEN", "SALTMERE", (18, 7), (18, 7)),
    ("BEACON_LIT", "HALL_OF_TIDE", (5, 2), (6, 1)),
]


def _background(player: Player) -> np.ndarray:
    """The part of the background map that the LCD shows, 18 x 20 tiles."""
    background = np.frombuffer(player.console.read(0x9800, 1024), np.uint8).reshape(32, 32)
    rows, columns = player.byte(0xFF42) // 8, player.byte(0xFF43) // 8
    return np.roll(background, (-rows, -columns), (0, 1))[:18, :20]


def _tile_map(player: Player) -> np.ndarray:
    return np.frombuffer(player.console.read(0xC3A0, 360), np.uint8).reshape(18, 20)


def _cell(tiles: np.ndarray, player: Player, x: int, y: int) -> bytes:
    """The four tiles of a cell of the map; the player stands in column 4, row 4 of the screen."""
    here = player.spot()
    row, column = 2 * (y - here.y + 4), 2 * (x - here.x + 4)
    assert 0 <= row < 18 and 0 <= column < 20, "the cell is out of sight"
    return tiles[row : row + 2, column : column + 2].tobytes()


def _go_to_before(
    player: Player, moments: list[Moment], flag: str, map_name: str, cell: tuple[int, int]
) -> None:
    """To the last moment before the flag is set, and on until one stands before the cell."""
    player.console.load(next(m.state for m in moments[::-1] if not m.has(player.atlas, flag)))
    beside = [(cell[0] + dx, cell[1] + dy) for dx, dy in ((0, 1), (-1, 0), (1, 0), (0, -1))]
    player.walk_to(map_name, *beside)


@pytest.mark.parametrize(("flag", "map_name", "used", "seen"), CHANGES, ids=lambda v: str(v))
def test_background_changes_when_a_flag_does(
    visitor: Player,
    moments: list[Moment],
    flag: str,
    map_name: str,
    used: tuple[int, int],
    seen: tuple[int, int],
) -> None:
    _go_to_before(visitor, moments, flag, map_name, used)
    before = _cell(_background(visitor), visitor, *seen)
    visitor.use(map_name, *used)
    assert visitor.has(flag)
    assert visitor.can_walk()
    assert _cell(_background(visitor), visitor, *seen) != before
    assert np.array_equal(_background(visitor), _tile_map(visitor))


def test_lamp_is_lit_before_the_credits_begin_to_speak(
    visitor: Player, moments: list[Moment]
) -> None:
    _go_to_before(visitor, moments, "BEACON_LIT", "HALL_OF_TIDE", (5, 2))
    dark = _cell(_background(visitor), visitor, 6, 1)
    visitor.begin_use("HALL_OF_TIDE", 5, 2)
    for _ in range(PATIENCE):
        if visitor.has("BEACON_LIT"):
            break
        visitor.press("a")
    assert visitor.has("BEACON_LIT")
    assert not visitor.window_open()
    assert _cell(_background(visitor), visitor, 6, 1) != dark


def test_credits_are_read_to_their_end_after_the_last_flag(
    visitor: Player, moments: list[Moment], atlas: Atlas
) -> None:
    """The environment's episode ends with the flag; whoever steps on sees this."""
    shown: set[str] = set()
    letters = {0x80 + i: letter for i, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    letters |= {0xA0 + i: letter for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}

    def read() -> None:
        for row in (14, 16):
            shown.add("".join(letters.get(tile, " ") for tile in _tile_map(visitor)[row]).strip())

    _go_to_before(visitor, moments, "BEACON_LIT", "HALL_OF_TIDE", (5, 2))
    visitor.on_press = read
    visitor.use("HALL_OF_TIDE", 5, 2)
    assert {"The great lamp", "open and free", "Thank you for"} <= shown
    assert visitor.can_walk() and visitor.byte(0xCFC4) == 0
    visitor.walk_to("SALTMERE", *visitor.floor("SALTMERE"))
