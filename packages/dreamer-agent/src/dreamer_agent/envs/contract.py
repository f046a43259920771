"""What an environment promised, held against what it gives; errors name the key."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from dreamer_agent.errors import EnvError
from dreamer_agent.spaces.keys import as_dict_space, by_key

__all__ = [
    "OLD_API",
    "ValueCheck",
    "check_observation",
    "check_reset",
    "check_rewards",
    "check_step",
]

OLD_API = (
    "This looks like the API of gym before 0.26. Update the environment to gymnasium, or wrap it: "
    "gymnasium.make('GymV21Environment-v0', env=...) from the package shimmy."
)
_HIGHEST_REWARD = float(np.finfo(np.float32).max)


def check_reset(result: Any, space: gym.Space[Any]) -> None:
    """Judge what ``reset`` of one environment returned.

    Raises:
        EnvError: It is not (observation, info), or the observation is not of its space.
    """
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping)):
        raise EnvError(f"reset() returned {_kind(result)}, not (observation, info dict). {OLD_API}")
    check_observation(result[0], space, "reset()")


def check_step(result: Any, space: gym.Space[Any]) -> None:
    """Judge what ``step`` of one environment returned.

    Raises:
        EnvError: It is not (observation, reward, terminated, truncated, info), or a part of it is
            not what it should be.
    """
    if not (isinstance(result, tuple) and len(result) == 5):
        hint = f" {OLD_API}" if isinstance(result, tuple) and len(result) == 4 else ""
        raise EnvError(
            f"step() returned {_kind(result)}, not (observation, reward, terminated, truncated, "
            f"info).{hint}"
        )
    obs, reward, terminated, truncated, info = result
    check_observation(obs, space, "step()")
    if not _is_number(reward):
        raise EnvError(f"step() returned the reward {reward!r}; one number is needed.")
    for name, flag in (("terminated", terminated), ("truncated", truncated)):
        if not _is_number(flag):
            raise EnvError(f"step() returned {name}={flag!r}; True or False is needed.")
    if not isinstance(info, Mapping):
        raise EnvError(f"step() returned {_kind(info)} as info; a dict is needed.")


def check_observation(obs: Any, space: gym.Space[Any], where: str) -> None:
    """Compare keys and shapes of one observation with its space.

    Raises:
        EnvError: A key is missing or has another shape; names it.
    """
    named = by_key(obs)
    for key, part in as_dict_space(space).spaces.items():
        if key not in named:
            raise EnvError(
                f"{where} gave no observation key {key!r}, which the observation space has; it "
                f"gave {sorted(map(str, named))}."
            )
        if part.shape is None or isinstance(part, spaces.Dict | spaces.Tuple):
            continue
        shape = np.shape(named[key])
        if shape != part.shape:
            raise EnvError(
                f"{where} gave observation key {key!r} with shape {shape}; its space has "
                f"{part.shape}."
            )


def check_rewards(reward: Any, num_envs: int) -> NDArray[np.float64]:
    """Return the rewards of a vector environment as ``(N,)``.

    Raises:
        EnvError: They are not one number for each environment; or one is NaN, infinite, or too
            large for float32.
    """
    array = np.asarray(reward)
    if array.shape != (num_envs,) or array.dtype.kind not in "fiub":
        raise EnvError(
            f"The environment returned rewards of shape {array.shape} and type {array.dtype}; "
            f"({num_envs},) numbers are needed."
        )
    array = array.astype(np.float64)
    is_bad = ~(np.abs(array) <= _HIGHEST_REWARD)  # true for NaN too
    if is_bad.any():
        bad = int(np.flatnonzero(is_bad)[0])
        raise EnvError(
            f"Environment {bad} returned the reward {array[bad]}: no finite float32 number "
            f"(below {_HIGHEST_REWARD:.2g})."
        )
    return array


class ValueCheck:
    """Judges the values of batched observations: finite, and inside their spaces.

    A class outside a Discrete cannot be learned from and is an error; a number outside a Box can,
    so it is warned of once per key.

    Args:
        space: Observation space of one environment, by key.
    """

    def __init__(self, space: spaces.Dict) -> None:
        self._space = space.spaces
        self._warned: set[str] = set()
        self._ranges = {key: _range(part) for key, part in space.spaces.items()}

    def check(self, obs: Mapping[str, Any], num_envs: int) -> dict[str, NDArray[Any]]:
        """Return the observations as arrays ``(N, *shape)``, only those the space has.

        Raises:
            EnvError: A key is missing, has another shape, or holds a class that is not there, or a
                number that is NaN or infinite.
        """
        arrays = {}
        for key, part in self._space.items():
            if key not in obs:
                raise EnvError(
                    f"The environment gave no observation key {key!r}; it gave {sorted(obs)}."
                )
            array = np.asarray(obs[key])
            shape = (num_envs, *(part.shape or ()))
            if array.shape != shape:
                raise EnvError(
                    f"The environment gave observation key {key!r} with shape {array.shape}; "
                    f"{shape} is needed: one for each environment, then the space's."
                )
            self._judge(key, array)
            arrays[key] = np.ascontiguousarray(array)
        return arrays

    def _judge(self, key: str, array: NDArray[Any]) -> None:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int(np.argwhere(~np.isfinite(array))[0][0])
            raise EnvError(f"Environment {bad} returned an observation {key!r} with NaN or inf.")
        limits = self._ranges[key]
        if limits is None:
            return
        outside = (array < limits[0]) | (array > limits[1])
        if not outside.any():
            return
        value, part = array[outside].flat[0], self._space[key]
        if not isinstance(part, spaces.Box):
            raise EnvError(
                f"The environment gave observation key {key!r} the value {value}, which its space "
                f"{part} does not contain. Mend the space or the observation."
            )
        if key not in self._warned:
            self._warned.add(key)
            low, high = float(np.min(limits[0])), float(np.max(limits[1]))
            warnings.warn(
                f"The environment gave observation key {key!r} the value {value}, outside its "
                f"space ({low:g} to {high:g}). It is used as it is; "
                "said once.",
                stacklevel=2,
            )


def _range(space: gym.Space[Any]) -> tuple[Any, Any] | None:
    """Lowest and highest values, or None where the dtype can hold nothing else."""
    if isinstance(space, spaces.Discrete):
        return space.start, space.start + space.n - 1
    if isinstance(space, spaces.MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    if isinstance(space, spaces.MultiBinary):
        return 0, 1
    if not isinstance(space, spaces.Box):
        return None
    low, high = _one_number(space.low), _one_number(space.high)
    if space.dtype is not None and np.issubdtype(space.dtype, np.integer):
        info = np.iinfo(space.dtype)
        if np.ndim(low) == np.ndim(high) == 0 and low <= info.min and high >= info.max:
            return None
    if np.all(np.isneginf(low)) and np.all(np.isposinf(high)):
        return None
    return low, high


def _one_number(bound: NDArray[Any]) -> Any:
    """The bound itself where it is the same for all elements: comparing is cheaper."""
    return bound.flat[0] if bound.size and (bound == bound.flat[0]).all() else bound


def _is_number(value: Any) -> bool:
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiub"


def _kind(value: Any) -> str:
    return f"{len(value)} values" if isinstance(value, tuple) else type(value).__name__
