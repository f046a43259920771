"""Opt-in changes of the environment; each says what it changes."""

from __future__ import annotations

from pokered_env.wrappers.arrays import FlatObservation, ScreenOnly
from pokered_env.wrappers.assists import FastText, InfiniteHealth, InfiniteMoney, NoWildBattles
from pokered_env.wrappers.curriculum import Milestone, MilestoneCurriculum
from pokered_env.wrappers.overlay import Overlay
from pokered_env.wrappers.text import HashedWords

__all__ = [
    "FastText",
    "FlatObservation",
    "HashedWords",
    "InfiniteHealth",
    "InfiniteMoney",
    "Milestone",
    "MilestoneCurriculum",
    "NoWildBattles",
    "Overlay",
    "ScreenOnly",
]
