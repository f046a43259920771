from __future__ import annotations

import zlib
from typing import Any

import pytest
from pokered_env.untrusted import (
    COUNT,
    REAL,
    WORD,
    WORDS,
    check_fields,
    hexadecimal,
    inflate,
    or_none,
    parse_object,
    whole_numbers,
)


def test_what_is_not_larger_than_it_may_be_is_inflated() -> None:
    packed = zlib.compress(bytes(1000))
    assert inflate(packed, 1000) == bytes(1000)
    with pytest.raises(ValueError, match="more than 999 bytes"):
        inflate(packed, 999)
    with pytest.raises(ValueError, match="cut off"):
        inflate(packed[:-1], 1000)
    with pytest.raises(ValueError, match="damaged"):
        inflate(b"no zlib", 1000)


@pytest.mark.parametrize("data", [b"[" * 10**5, b"[]", b"7", b"{", b"\xff\xfe{", b"", "null"])
def test_what_is_no_object_is_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError):
        parse_object(data)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (COUNT, [0, 10**30], [-1, True, 1.0, "1", None]),
        (REAL, [0, -1.5, 1e308], [float("nan"), float("inf"), 10**400, True, "1"]),
        (WORDS, [[], ["a"]], ["a", [1], None]),
        (or_none(WORD), [None, ""], [0]),
        (hexadecimal(2), ["00ff"], ["00f", "00FF", "00 f", "0x12", b"00ff", None]),
        (whole_numbers(1, 3), [1, 3], [0, 4, 2.0]),
    ],
)
def test_kinds_hold_for_what_they_say_and_nothing_else(
    kind: Any, good: list[Any], bad: list[Any]
) -> None:
    for value in good:
        check_fields({"it": value}, {"it": kind})
    for value in bad:
        with pytest.raises(ValueError, match=r"it is .*, not "):
            check_fields({"it": value}, {"it": kind})


def test_missing_and_unknown_fields_are_named() -> None:
    with pytest.raises(ValueError, match="a, b"):
        check_fields({"a": 1, "c": 1}, {"b": COUNT, "c": COUNT})
