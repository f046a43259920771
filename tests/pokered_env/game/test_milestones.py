"""Pokémon Red's milestones as data, and end conditions; what a script does is tested in play."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pokered_env.game import profiles
from pokered_env.game.end_condition import EndCondition
from pokered_env.game.game_state import GameState

NAMES = ["got_starter", "rival_fought", "viridian_city", "got_parcel", "got_pokedex"]
MakeState = Callable[..., GameState]


def test_the_milestones_of_pokemon_red_go_on_from_the_new_game_one_after_the_other() -> None:
    starts = profiles.pokemon_red().start_states
    assert list(starts) == ["power_on", "start", *NAMES]
    assert [starts[name].after for name in NAMES] == ["start", *NAMES[:-1]]
    assert all(starts[name].description for name in NAMES)
    presses = [press for name in NAMES for press in starts[name].script]
    assert {(press.hold_frames, press.total_frames) for press in presses} == {(8, 24)}
    assert {press.button for press in presses} == {"down", "left", "right", "up", "a", "b"}


def test_every_milestone_has_an_end_condition_in_names_the_game_has(make_state: MakeState) -> None:
    for profile in (profiles.pokemon_red(), profiles.open_cartridge()):
        for name, start in profile.start_states.items():
            if name not in ("power_on", "start"):
                assert start.reached is not None
                assert start.reached.missed(make_state(), profile.events, profile.maps), name


@pytest.mark.parametrize(
    ("condition", "missed"),
    [
        (EndCondition(), []),
        (EndCondition(event="EVENT_GOT_STARTER", map_id=1, party_size=1), []),
        (EndCondition(event="EVENT_GOT_POKEDEX"), ["EVENT_GOT_POKEDEX is not set"]),
        (EndCondition(map_id=42), ["the player is on VIRIDIAN_CITY, not VIRIDIAN_MART"]),
        (EndCondition(party_size=2), ["the party has 1 of 2 members"]),
    ],
)
def test_what_is_missed_is_said(
    condition: EndCondition,
    missed: list[str],
    make_state: MakeState,
    make_member: Callable[..., bytes],
) -> None:
    profile = profiles.pokemon_red()
    flag = profile.events.flags["EVENT_GOT_STARTER"]
    state = make_state(map_id=1, events=(flag,), party=(make_member(),))
    assert condition.missed(state, profile.events, profile.maps) == missed
