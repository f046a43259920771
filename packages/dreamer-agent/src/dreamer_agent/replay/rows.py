"""Rows: their columns, how one is put together, and their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import SpaceError
from dreamer_agent.replay.chunk import Field

__all__ = ["FLAGS", "OBS_PREFIX", "make_row", "row_fields", "row_id", "split_ids"]

OBS_PREFIX = "obs/"
FLAGS = ("is_first", "is_last", "is_terminal")
_ROW_BITS = 40


def row_fields(observation_space: gym.spaces.Dict, action_space: gym.Space[Any]) -> list[Field]:
    """Columns of a row for these spaces: ``obs/<key>``, ``action``, ``reward`` and three flags.

    Raises:
        SpaceError: An observation has no array shape (Text, Sequence, a nested Dict).
    """
    for key, space in observation_space.spaces.items():
        if space.shape is None:
            raise SpaceError(
                f"Observation key {key!r} is of the space {space}, which has no one shape and "
                "cannot be stored. Leave it out of the space and of the rows."
            )
    fields = [
        Field(OBS_PREFIX + key, np.dtype(space.dtype).str, tuple(space.shape or ()))
        for key, space in observation_space.spaces.items()
    ]
    action = Field("action", np.dtype(action_space.dtype).str, tuple(action_space.shape or ()))
    flags = [Field(name, "|b1", ()) for name in FLAGS]
    return [*fields, action, Field("reward", "<f4", ()), *flags]


def make_row(
    obs: Mapping[str, Any],
    action: Any,
    reward: float,
    *,
    is_first: bool = False,
    is_last: bool = False,
    is_terminal: bool = False,
) -> dict[str, Any]:
    """Put together one row: what arrived together.

    Args:
        obs: The observation, by key.
        action: The action that led to it; zeros where ``is_first``.
        reward: The reward that came with it; 0 where ``is_first``.
        is_first: Whether this is the reset row of an episode.
        is_last: Whether the episode ended here, by termination or truncation.
        is_terminal: Whether it ended by termination.
    """
    row = {OBS_PREFIX + key: value for key, value in obs.items()}
    row.update(action=action, reward=reward)
    row.update(is_first=is_first, is_last=is_last, is_terminal=is_terminal)
    return row


def row_id(stream: int, row: int) -> int:
    """Number that names a row of a stream."""
    return stream << _ROW_BITS | row


def split_ids(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Undo ``row_id`` for an array: (streams, rows)."""
    return ids >> _ROW_BITS, ids & (1 << _ROW_BITS) - 1
