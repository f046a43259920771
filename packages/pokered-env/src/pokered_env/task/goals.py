"""When an episode has reached its goal."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from pokered_env.arguments import whole_number
from pokered_env.errors import ConfigError
from pokered_env.game.game_state import GameState
from pokered_env.game.rom_profile import RomProfile
from pokered_env.task.progress import EpisodeProgress

Goal = int | str | Callable[[GameState], bool]
"""A number of badges, the name of an event, or a predicate of the game."""

GoalTest = Callable[[EpisodeProgress, GameState], bool]
"""Whether the goal is reached, from the episode's progress and the game now."""


def make_goal(goal: Goal | None, profile: RomProfile) -> GoalTest:
    """Return the test for a goal.

    Args:
        goal: The goal; None for the game's completion, in this episode: a completed one may be
            played on.
        profile: The game.

    Raises:
        ConfigError: There is no such event, or the number of badges is not in 1 to 8.
    """
    if goal is None:
        return lambda progress, now: progress.is_completed
    if isinstance(goal, str):
        flag = _flag(goal, profile)
        return lambda progress, now: now.has_event(flag)
    if callable(goal):
        return lambda progress, now: bool(goal(now))
    num_badges = whole_number(goal)
    if num_badges is None or not 1 <= num_badges <= 8:
        raise ConfigError(
            f"goal={goal!r}: pass a number of badges from 1 to 8, an event's name, a function of "
            "GameState, or None for the game's completion."
        )
    return lambda progress, now: now.num_badges >= num_badges


def reached_at_start(goal: Goal | None, start_state: str) -> ConfigError:
    """Return the error that says a start state leaves nothing to do."""
    return ConfigError(
        f"goal={goal!r} is reached in the start state {start_state!r} already. Start from a state "
        "before that, or pass another goal=; goal=lambda state: False ends no episode."
    )


def _flag(name: str, profile: RomProfile) -> int:
    if name not in profile.events.flags:
        near = difflib.get_close_matches(name.upper(), profile.events.flags, n=3, cutoff=0.4)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(f"goal={name!r} is no event of {profile.title}.{hint}")
    return profile.events.flags[name]
