"""Observations by key: a Dict as it is, a Tuple by position, anything else under one name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import gymnasium as gym
from gymnasium import spaces

from dreamer_agent.errors import SpaceError

__all__ = ["SINGLE_KEY", "as_dict_space", "by_key", "check_supported", "is_supported"]

SINGLE_KEY = "observation"
"""Key of an observation that is neither a Dict nor a Tuple."""


def as_dict_space(space: gym.Space[Any]) -> spaces.Dict:
    """Return a Dict space: parts of a Tuple become ``"0"``, ``"1"``, a single space SINGLE_KEY."""
    if isinstance(space, spaces.Dict):
        return space
    if isinstance(space, spaces.Tuple):
        return spaces.Dict({str(index): part for index, part in enumerate(space.spaces)})
    return spaces.Dict({SINGLE_KEY: space})


def by_key(obs: Any) -> dict[str, Any]:
    """Return an observation by the keys of :func:`as_dict_space`."""
    if isinstance(obs, Mapping):
        return dict(obs)
    if isinstance(obs, tuple):
        return {str(index): part for index, part in enumerate(obs)}
    return {SINGLE_KEY: obs}


def is_supported(space: gym.Space[Any]) -> bool:
    """Whether the networks can take a part of an observation."""
    kinds = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
    return isinstance(space, kinds) and 0 not in (space.shape or ())


def check_supported(space: spaces.Dict, dropped: Collection[str] = ()) -> None:
    """Refuse what the networks cannot take.

    Args:
        space: Observation space, by key.
        dropped: Keys that are neither encoded nor decoded; theirs may be of any space.

    Raises:
        SpaceError: Names the key and what to do.
    """
    for key, part in space.spaces.items():
        if key in dropped or is_supported(part):
            continue
        what = f"empty {part}" if 0 in (part.shape or ()) else type(part).__name__
        raise SpaceError(
            f"Observation key {key!r} is of the space {what}; supported are Box, Discrete, "
            "MultiDiscrete and MultiBinary with at least one element, alone or in one level of "
            f"Dict or Tuple. Flatten it with a wrapper (--wrappers module:function), or leave it "
            f"out with --agent.modalities '{{{key}: {{encode: false, decode: false}}}}' in YAML."
        )
