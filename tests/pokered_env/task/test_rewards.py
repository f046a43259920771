from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.game.game_state import GameReader, GameState
from pokered_env.game.maps import MapInfo, MapTable
from pokered_env.recording.recordings import Recording
from pokered_env.task.exploration import Exploration
from pokered_env.task.progress import EpisodeProgress
from pokered_env.task.rewards import REWARD_TERMS, RewardWeights, reward_terms

Make = Callable[..., GameState]
Member = Callable[..., bytes]

ONES = RewardWeights(**dict.fromkeys(asdict(RewardWeights()), 1.0))


def facing_down(person: tuple[int, int], sign: tuple[int, int]) -> list[tuple[ram.Symbol, bytes]]:
    """Return memory with a person, a sign, a text box and, for the cursor, the top left tile."""
    state_1, state_2 = bytearray(240), bytearray(240)
    state_1[0], state_2[4], state_2[5] = 1, person[1] + 4, person[0] + 4
    tiles = bytearray(ram.TILE_MAP.size)
    tiles[12 * 20] = 0x79
    return [
        (ram.SPRITE_STATE_1, bytes(state_1)),
        (ram.SPRITE_STATE_2, bytes(state_2)),
        (ram.NUM_SPRITES, b"\1"),
        (ram.NUM_SIGNS, b"\1"),
        (ram.SIGN_COORDS, bytes([sign[1], sign[0]])),
        (ram.TILE_MAP, bytes(tiles)),
        (ram.MENU_CURSOR, ram.TILE_MAP.address.to_bytes(2, "little")),
    ]


class Episode:
    """Sums the reward terms of a sequence of states."""

    def __init__(self, first: GameState) -> None:
        maps = MapTable([MapInfo(0, "TOWN", 20, 18, (0, 0), None, None)])
        self.progress = EpisodeProgress(first, Exploration(maps))
        self.state = first
        self.sums = dict.fromkeys(REWARD_TERMS, 0.0)

    def play(self, *states: GameState) -> dict[str, float]:
        for state in states:
            terms = reward_terms(self.state, state, self.progress, ONES)
            self.progress.update(state, terms)
            self.state = state
            for name, value in terms.items():
                self.sums[name] += value
        return self.sums


def test_there_is_a_weight_for_every_term() -> None:
    assert list(asdict(RewardWeights())) == list(REWARD_TERMS)


def test_standing_still_is_worth_nothing(make_state: Make, make_member: Member) -> None:
    here = make_state(party=(make_member(),), events=(1, 2), badges=1, seen=(1,), caught=(1,))
    assert not any(Episode(here).play(*[here] * 50).values())


def test_walking_in_a_circle_pays_each_tile_once(make_state: Make) -> None:
    circle = [make_state(x=x, y=y) for x, y in [(1, 0), (1, 1), (0, 1), (0, 0)]]
    assert Episode(make_state()).play(*circle * 10)["explore"] == 3


def test_terms_and_progress_leave_out_only_what_cannot_have_changed(
    make_memory: Callable[..., Recording], make_member: Member
) -> None:
    memory = make_memory(
        (ram.CUR_MAP_SIZE, bytes([9, 10])),
        *facing_down(person=(0, 1), sign=(1, 1)),
        (ram.PARTY_SPECIES, b"\1\1"),
        (ram.PARTY_MONS, make_member() * 2),
    )
    reader, draw = GameReader(memory, with_contact=True), np.random.default_rng(0)
    remembering, forgetting = Episode(reader.read()), Episode(reader.read())
    places = [
        *(
            ram.TILE_MAP.address,
            ram.X_COORD.address,
            ram.IS_IN_BATTLE.address,
            ram.WINDOW_Y.address,
        ),
        *(ram.PARTY_COUNT.address, ram.PARTY_MONS.address + 2, ram.PARTY_MONS.address + 33),
        *(ram.POKEDEX_OWNED.address, ram.POKEDEX_SEEN.address, ram.BADGES.address),
        *(ram.EVENT_FLAGS.address + 9, ram.HIDDEN_FOUND.address, ram.NUM_HOF_TEAMS.address),
        ram.TILE_MAP.address,
    ]
    for place in draw.choice(places, 5_000).tolist():
        few = [0, 1, ram.WINDOW_HIDDEN, 3, 0xED]
        memory._memory[place] = draw.choice(few)
        if reader.read() is not remembering.state:
            remembering.play(reader.read())
            forgetting.play(GameReader(memory, with_contact=True).read())
        assert remembering.sums == forgetting.sums
        assert remembering.progress.to_json() == forgetting.progress.to_json()
    assert all(value for name, value in remembering.sums.items() if name != "heal")


def test_an_event_that_is_cleared_and_set_again_pays_once(make_state: Make) -> None:
    on, off = make_state(events=(8,)), make_state()
    assert Episode(off).play(*[on, off] * 10)["events"] == 1


def test_what_the_start_state_has_already_pays_nothing(
    make_state: Make, make_member: Member
) -> None:
    rich = make_state(events=(1,), badges=3, seen=(5,), caught=(5,), party=(make_member(),) * 3)
    poor = make_state(party=(make_member(),))
    sums = Episode(rich).play(poor, rich)
    assert not any(sums[name] for name in ("events", "badges", "seen", "caught", "party", "levels"))


def test_depositing_and_withdrawing_is_worth_nothing(make_state: Make, make_member: Member) -> None:
    fit, hurt = make_member(level=9), make_member(level=20, hp=1)
    both, one = make_state(party=(fit, hurt)), make_state(party=(fit,))
    sums = Episode(both).play(*[one, both] * 20)
    assert sums["party"] == sums["levels"] == 0
    assert sums["heal"] == pytest.approx(0)


def test_getting_hurt_and_healed_is_worth_nothing(make_state: Make, make_member: Member) -> None:
    fit, hurt = make_state(party=(make_member(hp=20),)), make_state(party=(make_member(hp=3),))
    assert Episode(fit).play(*[hurt, fit] * 20)["heal"] == pytest.approx(0)


def test_losing_on_purpose_costs(make_state: Make, make_member: Member) -> None:
    fit, lost = make_state(party=(make_member(hp=20),)), make_state(party=(make_member(hp=0),))
    sums = Episode(fit).play(*[lost, lost, fit] * 5)
    assert sums["blackout"] == 5
    weights = asdict(RewardWeights())
    assert sum(weights[name] * value for name, value in sums.items()) < 0


def test_levels_pay_only_above_the_highest_sum_so_far(
    make_state: Make, make_member: Member
) -> None:
    def party(*levels: int) -> GameState:
        return make_state(party=tuple(make_member(level=level) for level in levels))

    assert Episode(party(5)).play(party(6), party(6, 4), party(6), party(7, 4))["levels"] == 6


def test_badges_species_and_members_pay_once_each(make_state: Make, make_member: Member) -> None:
    caught = make_state(badges=1, seen=(3, 4), caught=(3,), party=(make_member(),))
    again = make_state(x=1, badges=1, seen=(3, 4), caught=(3,), party=(make_member(),))
    sums = Episode(make_state()).play(caught, again, caught)
    expected = {"badges": 1, "seen": 2, "caught": 1, "party": 1, "levels": 5}
    assert {name: sums[name] for name in expected} == expected


def test_weights_multiply_their_terms(make_state: Make) -> None:
    first, second = make_state(), make_state(events=(1, 2), x=1)
    progress = EpisodeProgress(first, Exploration(MapTable([])))
    weights = RewardWeights.of({"events": 3.0, "explore": 0.0})
    terms = reward_terms(first, second, progress, weights)
    assert terms["events"] == 6.0
    assert terms["explore"] == 0.0


@pytest.mark.parametrize("weights", [{"event": 1.0}, {"events": float("nan")}, {"events": "4"}])
def test_unknown_terms_and_weights_that_are_no_numbers_are_refused(
    weights: dict[str, float],
) -> None:
    with pytest.raises(ConfigError):
        RewardWeights.of(weights)


def test_a_page_that_shows_species_as_owned_for_a_moment_catches_nothing(make_state: Make) -> None:
    page = make_state(caught=(1, 4, 7), has_window=True)
    shown_on_the_field = make_state(caught=(1, 4, 7))
    episode = Episode(make_state())
    sums = episode.play(page, page, make_state(x=1), shown_on_the_field, make_state(x=2))
    assert sums["caught"] == 0
    # and the real catch is paid: first seen in battle, then there to stay
    battle = make_state(caught=(4,), battle=1)
    sums = episode.play(battle, *(make_state(x=x, caught=(4,)) for x in (3, 4, 5)))
    assert sums["caught"] == 1


def test_completing_the_game_pays_once(make_state: Make) -> None:
    done = make_state(hall_of_fame=1)
    assert Episode(make_state()).play(done, make_state(x=1, hall_of_fame=1))["completion"] == 1
    assert Episode(done).play(make_state(x=1, hall_of_fame=1))["completion"] == 0


def test_a_hidden_thing_pays_once_and_not_if_it_was_found_before(make_state: Make) -> None:
    found, more = make_state(hidden=(3,)), make_state(hidden=(3, 112))
    assert Episode(make_state()).play(found, make_state(), found, more)["hidden"] == 2
    assert Episode(found).play(make_state(), found)["hidden"] == 0
    assert RewardWeights().hidden == 0
