"""The info as NumPy numbers of fixed shapes, for libraries that store infos in arrays."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from pokered_env.game.ram import PARTY_SIZE
from pokered_env.task.info import StepInfo

OFF_THE_MAP = -1
"""Both world coordinates where there are none."""


class NumericInfo(TypedDict, total=False):
    """The ``info`` of one moment with ``numeric_info=True``: the same keys in every step.

    Attributes:
        map_id: Current map, int64.
        x: Column on the map, in steps, int64.
        y: Row on the map, likewise.
        global_xy: World coordinates in steps, ``(2,)`` int64; both -1 off the world map.
        badges: Number of badges, int64.
        money: Money, int64.
        party: Species, level, hit points and their maximum of each member, ``(6, 4)`` int64; an
            empty slot is 0.
        num_events: Events that have happened in this episode, int64.
        reward_terms: The weighted terms, ``(num_terms,)`` float64, in the order of
            `RewardWeights`; their sum is the reward.
        coverage: Tiles stood on in this episode, int64.
        num_assists: Assists in use, int64; 0 for honest play.
        frames: Frames this step took, int64.
        action_mask: 1 for every action the game heeds now, ``(num_actions,)`` int8 (only with
            ``action_mask=True``).
    """

    map_id: np.int64
    x: np.int64
    y: np.int64
    global_xy: NDArray[np.int64]
    badges: np.int64
    money: np.int64
    party: NDArray[np.int64]
    num_events: np.int64
    reward_terms: NDArray[np.float64]
    coverage: np.int64
    num_assists: np.int64
    frames: np.int64
    action_mask: NDArray[np.int8]


def numbers_of(info: StepInfo, num_events: int) -> NumericInfo:
    """Return what is a number in an info, or can be told as one.

    Args:
        info: The info of one moment.
        num_events: Events that have happened in the episode.
    """
    party = np.zeros((PARTY_SIZE, 4), np.int64)
    for slot, member in enumerate(info["party"]):
        party[slot] = member.species, member.level, member.hp, member.max_hp
    numbers: NumericInfo = {
        "map_id": np.int64(info["map_id"]),
        "x": np.int64(info["x"]),
        "y": np.int64(info["y"]),
        "global_xy": np.array(info["global_xy"] or (OFF_THE_MAP, OFF_THE_MAP), np.int64),
        "badges": np.int64(info["badges"]),
        "money": np.int64(info["money"]),
        "party": party,
        "num_events": np.int64(num_events),
        "reward_terms": np.array(list(info["reward_terms"].values()), np.float64),
        "coverage": np.int64(info["coverage"]),
        "num_assists": np.int64(len(info["assists"])),
        "frames": np.int64(info["frames"]),
    }
    if "action_mask" in info:
        numbers["action_mask"] = info["action_mask"]
    return numbers
