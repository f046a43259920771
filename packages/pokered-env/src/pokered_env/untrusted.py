"""Bytes from anywhere, read within limits: whatever is in them, the worst is a `ValueError`."""

from __future__ import annotations

import json
import reprlib
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What a value of JSON has to be.

    Attributes:
        words: For messages: "a string".
        holds: Tells whether a value is that.
    """

    words: str
    holds: Callable[[Any], bool]


def inflate(data: bytes, max_size: int) -> bytes:
    """Return what zlib has compressed, if it is whole and not larger than it may be.

    Raises:
        ValueError: It is neither; no more than ``max_size`` bytes have been made of it.
    """
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, max_size)
    except zlib.error as error:
        raise ValueError(f"its compressed part is damaged ({error})") from error
    if not inflater.eof:
        raise ValueError(f"it is cut off, or inflates to more than {max_size:,} bytes")
    return plain


def parse_object(data: bytes | str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: It is none, or nested too deeply.
    """
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"its JSON is {reprlib.repr(value)}, no object")
    return value


def check_fields(fields: Mapping[str, Any], kinds: Mapping[str, Kind]) -> None:
    """Make sure that an object has exactly these fields, of these kinds.

    Raises:
        ValueError: Names the first field that is otherwise.
    """
    if different := sorted(fields.keys() ^ kinds.keys()):
        raise ValueError(f"fields are missing or unknown: {', '.join(map(str, different))}")
    for name, kind in kinds.items():
        if not kind.holds(fields[name]):
            raise ValueError(f"{name} is {reprlib.repr(fields[name])}, not {kind.words}")


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_list_of(value: Any, kind: Kind) -> bool:
    """Tell whether a value is a list of values of one kind."""
    return isinstance(value, list | tuple) and all(map(kind.holds, value))


def whole_numbers(first: int, last: int) -> Kind:
    """Return the kind of the whole numbers from ``first`` to ``last``."""
    return Kind(
        f"a whole number from {first} to {last}", lambda v: is_whole(v) and first <= v <= last
    )


def or_none(kind: Kind) -> Kind:
    """Return the kind that also takes null."""
    return Kind(f"{kind.words}, or null", lambda v: v is None or kind.holds(v))


def hexadecimal(size: int) -> Kind:
    """Return the kind of ``size`` bytes in hexadecimal."""
    return Kind(f"{size} bytes in hexadecimal", lambda v: _is_hexadecimal(v, size))


def _is_hexadecimal(value: Any, size: int) -> bool:
    if not isinstance(value, str) or len(value) != 2 * size:
        return False
    return all(character in "0123456789abcdef" for character in value)


WORD = Kind("a string", lambda v: isinstance(v, str))
WORDS = Kind("a list of strings", lambda v: is_list_of(v, WORD))
WHOLE = Kind("a whole number", is_whole)
COUNT = Kind("a whole number from 0 on", lambda v: is_whole(v) and v >= 0)
BYTE = whole_numbers(0, 255)
REAL = Kind(
    "a finite number",
    lambda v: (is_whole(v) or isinstance(v, float)) and abs(v) <= sys.float_info.max,
)
TRUTH = Kind("true or false", lambda v: isinstance(v, bool))
OBJECT = Kind("an object", lambda v: isinstance(v, dict))
