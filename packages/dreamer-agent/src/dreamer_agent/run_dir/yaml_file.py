"""Reading YAML that somebody else may have written, or a disk have damaged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dreamer_agent.errors import ConfigError

__all__ = ["parse_yaml", "read_text", "read_yaml"]

_MOST_BYTES = 2**20
_MOST_VALUES = 100_000
_LARGEST_INT = 2**64
# PyYAML lets through what int, float, bool and datetime raise of odd scalars
_ODD_SCALAR = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)


def read_yaml(path: Path) -> Mapping[str, Any]:
    """Read fields and values from a file.

    Raises:
        ConfigError: The file cannot be read, or is not YAML that a configuration can be.
    """
    return parse_yaml(read_text(path), path)


def read_text(path: Path) -> str:
    """Read a configuration file.

    Raises:
        ConfigError: It cannot be read, is far too large, or is not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise ConfigError(f"{path} has {size:,} bytes; a configuration has some thousand.")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8."
        ) from None


def parse_yaml(text: str, path: Path) -> Mapping[str, Any]:
    """Parse fields and values.

    Args:
        text: What the file holds.
        path: Named in errors.

    Raises:
        ConfigError: It is not YAML, nested too deep, or holds numbers nothing here can mean.
    """
    try:
        values = yaml.safe_load(text) or {}
        _check(values, path)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deep; the fields go four levels down.") from None
    except _ODD_SCALAR as error:
        raise ConfigError(f"{path} holds a value that cannot be read: {error}") from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path} must hold fields and values, not {type(values).__name__}.")
    return values


def _check(values: Any, path: Path) -> None:
    """Walk through every value as often as it is written or referred to."""
    rest, seen = [values], 0
    while rest:
        value = rest.pop()
        seen += 1
        if seen > _MOST_VALUES:
            raise ConfigError(f"{path} unfolds to more than {_MOST_VALUES:,} values.")
        if isinstance(value, Mapping):
            rest += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple, set)):
            rest += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{path} holds {value}; every number must be finite.")
        elif isinstance(value, int) and abs(value) > _LARGEST_INT:
            raise ConfigError(f"{path} holds a number of {value.bit_length()} bits; 64 are enough.")
