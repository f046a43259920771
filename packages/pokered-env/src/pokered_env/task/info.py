"""What ``reset`` and ``step`` say in ``info``."""

from __future__ import annotations

from functools import lru_cache
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from pokered_env.game.game_state import GameState
from pokered_env.game.maps import MapTable
from pokered_env.game.party import PartyMember
from pokered_env.game.rom_profile import RomProfile
from pokered_env.task.progress import EpisodeProgress, EpisodeSummary


class StepInfo(TypedDict, total=False):
    """The ``info`` of one moment.

    Attributes:
        map_id: Current map.
        map_name: Its name.
        x: Column on the map, in steps, as it is in memory.
        y: Row on the map, likewise.
        global_xy: World coordinates in steps, indoors those of the door; None off the world map.
            On the way into another map, whose number is in memory before ``x`` and ``y`` are, those
            of the last place.
        badges: Number of badges.
        money: Money.
        party: The party's members.
        text: The text on the screen, segments joined by newlines; empty when there is none.
        last_text: The last text that was not empty.
        new_events: Names of the events that happened in this step for the first time.
        reward_terms: The weighted terms; their sum is the reward.
        coverage: Tiles stood on in this episode.
        rom: Name of the game.
        assists: Names of the assists in use; empty for honest play.
        frames: Frames this step took.
        action_mask: 1 for every action whose button the game heeds now, 0 for the others
            (only with ``action_mask=True``).
        episode_summary: What the episode came to (only in its last step).
    """

    map_id: int
    map_name: str
    x: int
    y: int
    global_xy: tuple[int, int] | None
    badges: int
    money: int
    party: tuple[PartyMember, ...]
    text: str
    last_text: str
    new_events: tuple[str, ...]
    reward_terms: dict[str, float]
    coverage: int
    rom: str
    assists: tuple[str, ...]
    frames: int
    action_mask: NDArray[np.int8]
    episode_summary: EpisodeSummary


def describe(
    state: GameState,
    profile: RomProfile,
    progress: EpisodeProgress,
    text: str,
    terms: dict[str, float],
    new_flags: list[int],
) -> StepInfo:
    """Return the info of one moment, without what the environment's arguments add.

    Args:
        state: The game now.
        profile: Which game it is.
        progress: What the episode has reached.
        text: The text on the screen.
        terms: The weighted reward terms of the step.
        new_flags: Event flags first set in the step.
    """
    map_name, global_xy = _place(profile.maps, state.map_id, progress.place)
    return {
        "map_id": state.map_id,
        "map_name": map_name,
        "x": state.x,
        "y": state.y,
        "global_xy": global_xy,
        "badges": state.num_badges,
        "money": state.money,
        "party": state.party,
        "text": text,
        "last_text": progress.last_text,
        "new_events": tuple(map(profile.events.name, new_flags)) if new_flags else (),
        "reward_terms": terms,
        "coverage": progress.exploration.num_tiles,
        "rom": profile.name,
    }


@lru_cache(maxsize=4096)
def _place(
    maps: MapTable, map_id: int, place: tuple[int, int, int]
) -> tuple[str, tuple[int, int] | None]:
    return maps.name(map_id), maps.global_xy(*place)
