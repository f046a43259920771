"""Configurations from plain values: one dataclass laid over by what a file or a flag says."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dreamer_agent.errors import ConfigError

__all__ = ["describe_errors", "lay_over"]

_T = TypeVar("_T")


def lay_over(base: _T, values: Mapping[str, Any], where: str) -> _T:
    """Build a configuration from nested plain values laid over another one.

    Args:
        base: A dataclass; its type and what its fields hold where ``values`` says nothing.
        values: What a YAML file holds.
        where: Named in errors.

    Raises:
        ConfigError: A field is unknown or has a bad value; every such field is named.
    """
    merged = _merge(dataclasses.asdict(base), values)  # type: ignore[call-overload]
    if flags := _flags_for_numbers(merged, type(base)):
        raise ConfigError(f"{where}: {', '.join(flags)} must be a number, not true or false.")
    try:
        return TypeAdapter(type(base)).validate_python(merged)
    except ValidationError as error:
        raise ConfigError(describe_errors(error, where, base)) from None


def _flags_for_numbers(values: Mapping[str, Any], kind: Any) -> list[str]:
    """Fields that hold true or false where a number belongs: YAML reads ``on`` and ``yes`` so."""
    found: list[str] = []
    for name, hint in get_type_hints(kind).items():
        value = values.get(name)
        if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
            found += [f"{name}.{inner}" for inner in _flags_for_numbers(value, hint)]
        elif isinstance(value, bool) and {int, float} & _leaf_types(hint) - {bool}:
            found.append(name)
    return found


def _leaf_types(hint: Any) -> set[Any]:
    return set().union(*map(_leaf_types, get_args(hint))) if get_args(hint) else {hint}


def describe_errors(error: ValidationError, where: str, base: Any) -> str:
    """One line per field that is wrong: what, the value, and the nearest name known in ``base``."""
    lines = [_describe(entry, base) for entry in error.errors()]
    return f"{where} has {len(lines)} bad field(s):\n" + "\n".join(f"  {line}" for line in lines)


def _describe(entry: Any, base: Any) -> str:
    path = [str(part) for part in entry["loc"]]
    if entry["type"] == "value_error":  # raised by a check of ours: names fields and values
        return ".".join([*path, str(entry["ctx"]["error"])])
    if entry["type"] != "unexpected_keyword_argument":
        return f"{'.'.join(path)}: {entry['msg']} (got {entry['input']!r})"
    known = _fields_at(base, path[:-1])
    near = difflib.get_close_matches(path[-1], known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{'.'.join(path)}: unknown field; {hint}"


def _fields_at(value: Any, path: list[str]) -> list[str]:
    for part in path:
        value = getattr(value, part, None)
    if not dataclasses.is_dataclass(value):
        return []
    return [item.name for item in dataclasses.fields(value)]


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if nested and base[key] else value
    return merged
