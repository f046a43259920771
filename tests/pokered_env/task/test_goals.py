from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pokered_env.errors import ConfigError
from pokered_env.game.game_state import GameState
from pokered_env.game.maps import MapTable
from pokered_env.game.profiles import pokemon_red
from pokered_env.task.exploration import Exploration
from pokered_env.task.goals import GoalTest, make_goal
from pokered_env.task.progress import EpisodeProgress

Make = Callable[..., GameState]


def progress(start: GameState, ending_event: int | None = None) -> EpisodeProgress:
    return EpisodeProgress(start, Exploration(MapTable([])), ending_event=ending_event)


def reaches(goal: GoalTest, started: EpisodeProgress, now: GameState) -> bool:
    """Take a step as the environment does: first progress, then the goal."""
    started.update(now, {})
    return goal(started, now)


def test_by_default_another_hall_of_fame_team_ends_pokemon_red(make_state: Make) -> None:
    goal = make_goal(None, pokemon_red())
    started = progress(make_state(hall_of_fame=1))
    assert not reaches(goal, started, make_state(x=1, hall_of_fame=1))
    assert reaches(goal, started, make_state(hall_of_fame=2))


def test_a_game_with_an_ending_flag_ends_by_it(make_state: Make) -> None:
    goal = make_goal(None, replace(pokemon_red(), ending_event="EVENT_GOT_TOWN_MAP"))
    started = progress(make_state(), ending_event=24)
    assert not reaches(goal, started, make_state(x=1))
    assert reaches(goal, started, make_state(events=(24,)))


def test_a_completed_game_is_not_completed_again(make_state: Make) -> None:
    goal = make_goal(None, replace(pokemon_red(), ending_event="EVENT_GOT_TOWN_MAP"))
    started = progress(make_state(events=(24,)), ending_event=24)
    assert not reaches(goal, started, make_state(events=(24,), x=1))


def test_a_number_of_badges_an_event_or_a_function_can_be_the_goal(make_state: Make) -> None:
    start, now = progress(make_state()), make_state(badges=0b101, events=(24,), map_id=3)
    red = pokemon_red()
    assert make_goal(2, red)(start, now)
    assert not make_goal(3, red)(start, now)
    assert make_goal("EVENT_GOT_TOWN_MAP", red)(start, now)
    assert make_goal(lambda state: state.map_id == 3, red)(start, now)


@pytest.mark.parametrize("goal", [0, 9, True, -1, 2.5, b"x"])
def test_goals_that_make_no_sense_are_refused(goal: object) -> None:
    with pytest.raises(ConfigError):
        make_goal(goal, pokemon_red())


def test_a_misspelt_event_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(ConfigError, match="EVENT_GOT_TOWN_MAP"):
        make_goal("EVENT_GOT_TOWNMAP", pokemon_red())


def test_a_number_of_badges_may_be_numpys() -> None:
    with pytest.raises(ConfigError):
        make_goal(np.int64(9), pokemon_red())
    assert make_goal(np.int64(2), pokemon_red())
