"""Checks of the vector environment's arguments, in the user's words."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from pokered_env.arguments import whole_number
from pokered_env.errors import ConfigError


def count(name: str, value: Any) -> int:
    """Return a number of environments or threads.

    Raises:
        ConfigError: It is none.
    """
    number = whole_number(value)
    if number is None or not 1 <= number <= 4096:
        raise ConfigError(f"{name}={value!r}. Pass a whole number from 1 to 4096.")
    return number


def autoreset_mode_named(mode: AutoresetMode | str) -> AutoresetMode:
    """Return Gymnasium's mode, given as such or by its name.

    Raises:
        ConfigError: There is no such mode.
    """
    try:
        return AutoresetMode(mode)
    except ValueError as error:
        known = ", ".join(repr(m.value) for m in AutoresetMode)
        raise ConfigError(f"autoreset_mode={mode!r}. Choose one of {known}.") from error


def mask_of(mask: Any, num_envs: int) -> NDArray[np.bool_]:
    """Return which environments to reset, ``(num_envs,)``; None stands for all.

    Raises:
        ConfigError: It is no such mask, or empty.
    """
    if mask is None:
        return np.ones(num_envs, np.bool_)
    array = np.asarray(mask)
    if array.shape != (num_envs,) or array.dtype != np.bool_ or not array.any():
        raise ConfigError(f"reset_mask={mask!r}. Pass {num_envs} bools, at least one of them true.")
    return array
