"""Gymnasium spaces as JSON, so that a stored replay can be learned from without its environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dreamer_agent.errors import ReplayError, SpaceError

__all__ = ["space_from_json", "space_to_json"]


def space_to_json(space: gym.Space[Any]) -> dict[str, Any]:
    """Describe a space completely.

    Raises:
        SpaceError: The space is of a kind that agents cannot take anyway.
    """
    if isinstance(space, spaces.Dict):
        return {"Dict": {key: space_to_json(part) for key, part in space.spaces.items()}}
    if isinstance(space, spaces.Box):
        bounds = {name: _compact(getattr(space, name)) for name in ("low", "high")}
        return {"Box": {**bounds, "shape": list(space.shape), "dtype": str(space.dtype)}}
    if isinstance(space, spaces.Discrete):
        return {"Discrete": {"n": int(space.n), "start": int(space.start), **_dtype(space)}}
    if isinstance(space, spaces.MultiDiscrete):
        numbers = {"nvec": space.nvec.tolist(), "start": space.start.tolist()}
        return {"MultiDiscrete": {**numbers, "dtype": str(space.dtype)}}
    if isinstance(space, spaces.MultiBinary):
        return {"MultiBinary": {"n": np.array(space.n).tolist()}}
    raise SpaceError(f"A space of kind {type(space).__name__} cannot be stored.")


def space_from_json(data: dict[str, Any]) -> gym.Space[Any]:
    """Undo ``space_to_json``.

    Raises:
        ReplayError: The description is of an unknown kind.
    """
    ((kind, value),) = data.items()
    if kind == "Dict":
        return spaces.Dict({key: space_from_json(part) for key, part in value.items()})
    if kind == "Box":
        shape, dtype = tuple(value["shape"]), np.dtype(value["dtype"])
        low, high = (
            np.broadcast_to(np.array(value[name], dtype), shape) for name in ("low", "high")
        )
        return spaces.Box(low, high, shape, dtype.type)
    if kind == "Discrete":
        dtype = {"dtype": np.dtype(value["dtype"]).type} if "dtype" in value else {}
        return spaces.Discrete(value["n"], start=value["start"], **dtype)
    if kind == "MultiDiscrete":
        # a start of None, as in replays from before it was stored, is one of zeros
        numbers, start = value["nvec"], value.get("start")
        return spaces.MultiDiscrete(numbers, dtype=np.dtype(value["dtype"]).type, start=start)
    if kind == "MultiBinary":
        return spaces.MultiBinary(value["n"])
    raise ReplayError(f"The stored space has the unknown kind {kind!r}.")


def _compact(bound: np.ndarray[Any, Any]) -> Any:
    values = bound.ravel().tolist()
    return values[0] if len(set(values)) == 1 else bound.tolist()


def _dtype(space: spaces.Discrete) -> dict[str, str]:
    """Its dtype, unless it is the only one that earlier versions of Gymnasium have."""
    return {} if space.dtype == np.int64 else {"dtype": str(space.dtype)}
