"""Wrappers by name: ``module:function`` that takes an environment and returns one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import gymnasium as gym

from dreamer_agent.errors import EnvError

__all__ = ["Wrap", "find_wrapper"]

Wrap = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]


def find_wrapper(name: str) -> Wrap:
    """Import a wrapper; the result checks that it returns an environment.

    Args:
        name: ``module:function``, or a class; it is called with the environment alone.

    Raises:
        EnvError: The name is not of this form, or nothing callable has it.
    """
    module, separator, attribute = name.partition(":")
    if not (module and separator and attribute):
        raise EnvError(f"The wrapper {name!r} is not of the form module:function.")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise EnvError(
            f"Cannot import {error.name!r} for the wrapper {name!r}. Install the package that has "
            "it, or put its folder on PYTHONPATH."
        ) from error
    except AttributeError:
        raise EnvError(f"The module {module!r} has no {attribute!r} (wrapper {name!r}).") from None
    if not callable(function):
        raise EnvError(f"The wrapper {name!r} is a {type(function).__name__}, not a function.")

    def wrap(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        try:
            wrapped = function(env)
        except Exception as error:
            raise EnvError(
                f"The wrapper {name!r} raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(wrapped, gym.Env):
            raise EnvError(
                f"The wrapper {name!r} returned {type(wrapped).__name__}, not an environment; it "
                "must return the wrapped one."
            )
        return wrapped

    return wrap
