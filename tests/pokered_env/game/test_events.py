from __future__ import annotations

from pokered_env.game.events import EventTable, first_set, union
from pokered_env.game.profiles import pokemon_red


def flags(*numbers: int) -> bytes:
    return sum(1 << n for n in numbers).to_bytes(320, "little")


def test_flags_are_named_and_unnamed_ones_numbered() -> None:
    table = EventTable({"GOT_STARTER": 34, "BEAT_WARDEN": 119})
    assert table.names(flags(34, 119, 500)) == ("GOT_STARTER", "BEAT_WARDEN", "EVENT_500")


def test_first_set_names_only_what_was_never_set() -> None:
    assert first_set(flags(1, 5, 2559), flags(1, 7)) == [5, 2559]
    assert first_set(flags(1), flags(1)) == []


def test_union_remembers_flags_the_game_has_cleared() -> None:
    assert union(flags(5), flags(1)) == flags(1, 5)


def test_pokemon_red_has_507_named_events_within_its_320_bytes() -> None:
    numbers = pokemon_red().events.flags.values()
    assert len(numbers) == len(set(numbers)) == 507
    assert max(numbers) == 2522
