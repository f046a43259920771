"""Bag, party, shop, options and the battle's four commands, by their buttons."""

from __future__ import annotations

import pytest
from console import Console, read_metadata
from player import PATIENCE, Player

NEUTRAL_STATS = ("HP", "attack", "defense", "speed", "special")


def _press(player: Player, *buttons: str) -> None:
    for button in buttons:
        player.press(button)


def _bag(player: Player) -> dict[str, int]:
    names = read_metadata()["items"]
    entries = player.console.read(0xD31E, 2 * player.byte(0xD31D))
    return {names[str(i)]: n for i, n in zip(entries[::2], entries[1::2], strict=True)}


def _choose_item(player: Player, name: str) -> None:
    """In an open bag list: put the cursor on an item and press A."""
    _press(player, *["down"] * list(_bag(player)).index(name), "a")


def _hp(player: Player) -> int:
    return player.word(0xD16C)


def _buy(player: Player, row: int, count: int) -> None:
    """Buy some of the shop's first wares, then leave the shop."""
    clerk = next(t for t in player.atlas.world.maps["HEARTH"].people() if t.name == "clerk")
    player.begin_use("HEARTH", clerk.x, clerk.y)
    _press(player, "a")
    _press(player, *["down"] * row, "a", *["up"] * (count - 1), "a")
    for _ in range(PATIENCE):
        if player.can_walk():
            return
        player.press("b")


@pytest.fixture
def with_lamps(keeper: Player) -> Player:
    """Four lamps and two salves in the bag."""
    _buy(keeper, 3, 4)
    return keeper


def test_shop_takes_money_for_wares(with_lamps: Player) -> None:
    assert _bag(with_lamps)["LAMP"] == 4
    assert with_lamps.console.read(0xD347, 3) == bytes.fromhex("000100")


def test_shop_and_question_boxes_have_their_ids(keeper: Player, console: Console) -> None:
    people = {t.name: t for t in keeper.atlas.world.maps["HEARTH"].people()}
    keeper.begin_use("HEARTH", people["clerk"].x, people["clerk"].y)
    assert console.byte(0xD125) == 0x15
    keeper.press("b")
    keeper.begin_use("HEARTH", people["rosa"].x, people["rosa"].y)
    for _ in range(PATIENCE):
        if console.byte(0xD125) == 0x14:
            break
        keeper.press("b" if console.byte(0xD125) == 1 else "right")
    assert console.byte(0xD125) == 0x14 and console.byte(0xCC28) == 1


def test_shop_refuses_without_money(keeper: Player) -> None:
    _buy(keeper, 1, 3)
    assert "BALM" not in _bag(keeper)
    assert keeper.console.read(0xD347, 3) == bytes.fromhex("000500")


def _find_wild(player: Player) -> None:
    player.walk_to("REED_PATH", *player.grass("REED_PATH"))
    for i in range(PATIENCE):
        player.press(("right", "left")[i % 2])
        if player.in_battle():
            player.read_to_battle_menu()
            return


def _catch(player: Player) -> None:
    """Throw lamps at wild motes until one is caught."""
    for _ in range(8):
        _find_wild(player)
        while player.in_battle():
            _press(player, "down", "a")
            _choose_item(player, "LAMP")
            for _ in range(PATIENCE):
                if player.at_battle_menu() or player.can_walk():
                    break
                player.press("b")
            if player.byte(0xD163) == 2:
                player.settle()
                return
    raise AssertionError("nothing was caught")


def test_catching_adds_to_party_and_dex(with_lamps: Player, console: Console) -> None:
    _catch(with_lamps)
    species = console.byte(0xD165)
    assert console.read(0xD163, 4) == bytes([2, console.byte(0xD16B), species, 0xFF])
    assert console.byte(0xD16B + 44) == species
    dex = read_metadata()["dex"][str(species)]
    assert console.byte(0xD2F7 + (dex - 1) // 8) >> ((dex - 1) % 8) & 1
    assert console.read(0xD2B5 + 11, 11)[-1] == 0x50
    assert _bag(with_lamps).get("LAMP", 0) < 4


def test_party_can_be_reordered(with_lamps: Player, console: Console) -> None:
    _catch(with_lamps)
    before = [console.read(0xD16B + 44 * i, 44) for i in range(2)]
    nicks = [console.read(0xD2B5 + 11 * i, 11) for i in range(2)]
    listed = console.read(0xD164, 2)
    _press(with_lamps, "start", "a", "a", "down", "a", "down", "a")
    assert [console.read(0xD16B + 44 * i, 44) for i in range(2)] == before[::-1]
    assert [console.read(0xD2B5 + 11 * i, 11) for i in range(2)] == nicks[::-1]
    assert console.read(0xD164, 2) == listed[::-1]


def test_other_mote_can_be_sent_out(with_lamps: Player, console: Console) -> None:
    _catch(with_lamps)
    _find_wild(with_lamps)
    _press(with_lamps, "right", "a", "down", "a")
    with_lamps.read_to_battle_menu()
    assert console.byte(0xCC2F) == 1
    assert console.byte(0xD014) == console.byte(0xD165)
    assert console.read(0xD009, 11) == console.read(0xD2B5 + 11, 11)


def test_salve_heals_what_a_fight_took(keeper: Player) -> None:
    _buy(keeper, 0, 2)
    full = _hp(keeper)
    for _ in range(10):
        _find_wild(keeper)
        for _ in range(PATIENCE):
            if not keeper.in_battle():
                break
            if keeper.at_battle_menu():
                keeper.choose_move(keeper.best_move())
            keeper.press("a")
        keeper.settle()
        if _hp(keeper) < keeper.word(0xD18D):
            break
    assert full and 0 < (hurt := _hp(keeper)) < keeper.word(0xD18D)
    _press(keeper, "start", "down", "a")
    _choose_item(keeper, "SALVE")
    _press(keeper, "a", "a")
    assert _hp(keeper) == min(hurt + 20, keeper.word(0xD18D))
    assert _bag(keeper)["SALVE"] == 1


def test_running_ends_a_wild_battle(in_wild_battle: Player) -> None:
    for _ in range(20):
        if not in_wild_battle.in_battle():
            break
        _press(in_wild_battle, "right", "down", "a")
        for _ in range(PATIENCE):
            if in_wild_battle.at_battle_menu() or in_wild_battle.can_walk():
                break
            in_wild_battle.press("b")
    assert not in_wild_battle.in_battle()
    assert in_wild_battle.byte(0xD16B + 33) == 5


def test_save_only_says_something(console: Console, player: Player) -> None:
    _press(player, "start", "down", "down", "a")
    assert console.byte(0xD125) == 1 and player.window_open()
    player.press("a")


def test_key_items_are_not_tossed(keeper: Player) -> None:
    _press(keeper, "start", "down", "a")
    _choose_item(keeper, "LETTER")
    _press(keeper, "down", "a", "a", "a")
    assert _bag(keeper)["LETTER"] == 1


def test_stats_follow_the_formula(keeper: Player, console: Console) -> None:
    """Base, DVs, stat experience and level give every stat, as in the original."""
    mon = console.read(0xD16B, 44)
    first, second = mon[27:29]
    dvs = [0, first >> 4, first & 15, second >> 4, second & 15]
    dvs[0] = sum((dvs[i] & 1) << (4 - i) for i in range(1, 5))
    base = keeper.atlas.world.tables.base_stats["WICKIN"]
    for i in range(5):
        root = min(int(int.from_bytes(mon[17 + 2 * i : 19 + 2 * i], "big") ** 0.5), 255)
        value = ((base[i] + dvs[i]) * 2 + root // 4) * mon[33] // 100 + (
            mon[33] + 10 if i == 0 else 5
        )
        assert int.from_bytes(mon[34 + 2 * i : 36 + 2 * i], "big") == value, NEUTRAL_STATS[i]
