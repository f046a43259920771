"""Checks of the environment's arguments, in the user's words."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypeVar

from pokered_env.errors import ConfigError

Value = TypeVar("Value")


def choose(name: str, key: Any, choices: Mapping[Any, Value]) -> Value:
    """Return the choice named ``key``.

    Raises:
        ConfigError: There is no such choice.
    """
    if not isinstance(key, str | None) or key not in choices:
        known = ", ".join(repr(choice) for choice in choices)
        raise ConfigError(f"{name}={key!r}. Choose one of {known}.")
    return choices[key]


def probability(name: str, value: Any) -> float:
    """Return a number in [0, 1] as given.

    Raises:
        ConfigError: It is none.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0.0 <= value <= 1.0:
        raise ConfigError(f"{name}={value!r} is no probability. Pass a number from 0 to 1.")
    return float(value)


def whole_number(value: Any) -> int | None:
    """Return a whole number of any type, numpy's too, as ``int``; None for what is none."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def step_limit(name: str, value: Any) -> float:
    """Return a positive whole number as ``int``, None as infinity.

    Raises:
        ConfigError: It is none.
    """
    if value is None:
        return float("inf")
    number = whole_number(value)
    if number is None or number < 1:
        raise ConfigError(f"{name}={value!r}. Pass a whole number from 1 on, or None for no limit.")
    return number


def seed_number(name: str, value: Any) -> int | None:
    """Return a whole number from 0 on as ``int``, None as it is.

    Raises:
        ConfigError: It is none.
    """
    number = whole_number(value)
    if value is not None and (number is None or number < 0):
        raise ConfigError(
            f"{name}={value!r}. Pass a whole number from 0 on, or None to draw on from the random "
            "numbers there are."
        )
    return number
