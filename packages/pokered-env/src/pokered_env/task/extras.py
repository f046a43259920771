"""Observations that are there only when asked for, beside the four that are frozen.

| key | space | content |
|---|---|---|
| `position` | `Box(0, 1, (3,), float32)` | map id, column and row by 255; between maps the last |
| `badges` | `Box(0, 1, (8,), float32)` | 1 for every badge held, lowest bit first |
| `bag` | `Box(0, 1, (256,), float32)` | by item id how many are in the bag, divided by 99 |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from pokered_env.errors import ConfigError
from pokered_env.game.game_state import GameState
from pokered_env.task.observation import Observation
from pokered_env.task.progress import EpisodeProgress

Write = Callable[[GameState, EpisodeProgress, NDArray[np.float32]], None]

_NUM_BADGES, _NUM_ITEMS, _LARGEST_STACK = 8, 256, 99


class Extras:
    """The further observations of one environment.

    Args:
        names: Their keys, none of them twice.

    Raises:
        ConfigError: This is no sequence of such keys.
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = ", ".join(map(repr, _EXTRAS))
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise ConfigError(f"observation_extras={names!r}. Pass a tuple of {known}.")
        self._names = tuple(names)
        unknown = [name for name in self._names if name not in _EXTRAS]
        if unknown or len(set(self._names)) < len(self._names):
            raise ConfigError(f"observation_extras={self._names}. Choose from {known}, each once.")

    def spaces(self) -> dict[str, spaces.Box]:
        """Return the space of each."""
        return {n: spaces.Box(0.0, 1.0, (_EXTRAS[n][0],), np.float32) for n in self._names}

    def add_new(self, out: Observation) -> None:
        """Add arrays of arbitrary content to an observation, to be written to."""
        for name in self._names:
            out[name] = np.empty(_EXTRAS[name][0], np.float32)  # type: ignore[literal-required]

    def encode(self, state: GameState, progress: EpisodeProgress, out: Mapping[str, Any]) -> None:
        """Write each of them into the array of its name.

        Args:
            state: The game now.
            progress: What the episode has reached.
            out: The observation; written to.
        """
        for name in self._names:
            _EXTRAS[name][1](state, progress, out[name])


def _position(state: GameState, progress: EpisodeProgress, out: NDArray[np.float32]) -> None:
    out[...] = progress.place
    out /= 255


def _badges(state: GameState, progress: EpisodeProgress, out: NDArray[np.float32]) -> None:
    out[...] = [state.badges >> bit & 1 for bit in range(_NUM_BADGES)]


def _bag(state: GameState, progress: EpisodeProgress, out: NDArray[np.float32]) -> None:
    out[...] = 0
    for item, quantity in state.bag:
        out[item] = min(out[item] + quantity / _LARGEST_STACK, 1.0)


_EXTRAS: Mapping[str, tuple[int, Write]] = {
    "position": (3, _position),
    "badges": (_NUM_BADGES, _badges),
    "bag": (_NUM_ITEMS, _bag),
}
