from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.game import ram


def test_words_are_read_high_byte_first() -> None:
    assert ram.big_endian(b"\x00\x16") == 22


@pytest.mark.parametrize(
    ("raw", "value"), [(b"\x00\x30\x00", 3000), (b"\x99\x99\x99", 999_999), (b"\x00\x00\x07", 7)]
)
def test_money_is_read_as_two_decimal_digits_a_byte(raw: bytes, value: int) -> None:
    assert ram.decimal(raw) == value


@given(st.sets(st.integers(0, 2559)))
def test_set_bits_are_numbered_from_the_lowest_bit_of_the_first_byte(numbers: set[int]) -> None:
    raw = bytearray(320)
    for number in numbers:
        raw[number // 8] |= 1 << number % 8
    assert ram.set_bits(bytes(raw)) == sorted(numbers)
    assert ram.num_set_bits(bytes(raw)) == len(numbers)


def test_no_two_symbols_of_the_work_ram_overlap() -> None:
    symbols = sorted(
        (s for s in vars(ram).values() if isinstance(s, ram.Symbol) and s.address < 0xFF00),
        key=lambda s: s.address,
    )
    for first, second in pairwise(symbols):
        assert first.address + first.size <= second.address, (first, second)
