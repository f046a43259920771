"""Levels change a mote: its shape, and its moves when it already knows four."""

from __future__ import annotations

import pytest
from console import read_metadata
from moments import Moment
from player import TILE_BOX_CORNER, TILE_CURSOR, Player

STARTER, EVOLVED, EVOLVES_AT = "WICKIN", "PYRELAN", 14
FIFTH_MOVE, LEARNED_AT = "FLARE", 15


class MenuOpen(Exception):
    """The list of moves to forget is on the screen."""


def _species(player: Player) -> str:
    return str(read_metadata()["species"][str(player.byte(0xD164))])


def _nick(player: Player) -> str:
    raw = player.console.read(0xD2B5, 11)
    return "".join(chr(code - 0x80 + ord("A")) for code in raw[: raw.index(0x50)])


def _moves(player: Player) -> list[str]:
    names = read_metadata()["moves"]
    return [names[str(number)] for number in player.console.read(0xD173, 4) if number]


def _stats(player: Player) -> list[int]:
    return [player.word(0xD18D + 2 * i) for i in range(5)]


def _last_before_level(player: Player, moments: list[Moment], level: int) -> None:
    """To the last moment at which the starter is below a level."""
    for moment in moments[::-1]:
        player.console.load(moment.state)
        if player.byte(0xD163) and player.byte(0xD18C) < level:
            return
    raise AssertionError(f"the walkthrough never has a mote below level {level}")


def _stand_in_wild_land(player: Player) -> None:
    player.walk_to("GLOAM_WOOD", *player.grass("GLOAM_WOOD"))


def _battle(player: Player) -> None:
    """Walk to and fro until a wild mote comes, and fight it."""
    battles = player.num_battles
    while player.num_battles == battles:
        player.press("left")
        player.settle()
        player.press("right")
        player.settle()


def test_starter_evolves_after_the_battle_that_brings_the_level(
    visitor: Player, moments: list[Moment]
) -> None:
    _last_before_level(visitor, moments, EVOLVES_AT)
    _stand_in_wild_land(visitor)
    while visitor.byte(0xD18C) < EVOLVES_AT:
        assert (_species(visitor), _nick(visitor)) == (STARTER, STARTER)
        before = _stats(visitor)
        _battle(visitor)
    assert (_species(visitor), _nick(visitor)) == (EVOLVED, EVOLVED)
    assert visitor.byte(0xD16B) == visitor.byte(0xD164)
    base = visitor.atlas.world.tables.base_stats
    for i, (old, new) in enumerate(zip(before, _stats(visitor), strict=True)):
        grown = 2 * (base[EVOLVED][i] - base[STARTER][i]) * visitor.byte(0xD18C) // 100
        assert new - old >= grown, "the new shape's base stats count"
    dex = read_metadata()["dex"][str(visitor.byte(0xD164))] - 1
    assert visitor.byte(0xD2F7 + dex // 8) >> (dex % 8) & 1


@pytest.fixture
def choosing(visitor: Player, moments: list[Moment]) -> Player:
    """Before the list of moves, one of which must go."""
    _last_before_level(visitor, moments, LEARNED_AT)
    _stand_in_wild_land(visitor)

    def look() -> None:
        if visitor.tile(4, 6) == TILE_BOX_CORNER and visitor.tile(5, 7) == TILE_CURSOR:
            raise MenuOpen

    visitor.on_press = look
    with pytest.raises(MenuOpen):
        for _ in range(30):
            _battle(visitor)
    visitor.on_press = lambda: None
    return visitor


def test_player_chooses_which_move_is_forgotten(choosing: Player) -> None:
    first, second, third, fourth = _moves(choosing)
    points = choosing.console.read(0xD188, 4)
    choosing.press("down")
    choosing.press("a")
    choosing.settle()
    assert _moves(choosing) == [first, third, fourth, FIFTH_MOVE]
    kept = choosing.console.read(0xD188, 4)
    assert kept[:3] == bytes([points[0], *points[2:]]) and kept[3] > 0
    assert second not in _moves(choosing)


def test_player_may_keep_all_moves(choosing: Player) -> None:
    known = _moves(choosing)
    choosing.press("b")
    choosing.settle()
    assert _moves(choosing) == known and FIFTH_MOVE not in known
    assert choosing.byte(0xD18C) >= LEARNED_AT
