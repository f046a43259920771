"""Packing loses nothing, and packs what it should."""

from __future__ import annotations

import numpy as np
import pytest
from dreamer_agent.errors import CorruptChunkError
from dreamer_agent.replay.chunk import Field, decode_rows, encode_chunk
from dreamer_agent.replay.codec import pack, unpack
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

DTYPES = ["?", "u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


def unpacked(rows, first=0, last=None):
    out = np.empty_like(rows[first:last])
    unpack(memoryview(pack(rows)), len(rows), first, out)
    return out


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, max_side=20))
    )
)
def test_any_array_comes_back_bit_for_bit(rows):
    back = unpacked(rows)
    assert back.dtype == rows.dtype and back.shape == rows.shape
    assert back.tobytes() == rows.tobytes()


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(1, 70), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_rows_of_few_shades_and_repeats_come_back_from_any_row_on(num_shades, length, width, seed):
    rng = np.random.default_rng(seed)
    shades = rng.choice(256, num_shades, replace=False).astype(np.uint8)
    rows = shades[rng.integers(num_shades, size=(length, width))]
    rows = rows[rng.integers(length, size=length)]
    assert np.array_equal(unpacked(rows), rows)
    first, last = sorted(rng.integers(0, length + 1, 2))
    assert np.array_equal(unpacked(rows, first, last), rows[first:last])


@pytest.mark.parametrize("num_shades", [1, 2, 3, 4, 5])
def test_whole_screens_come_back_from_any_row_on(num_shades):
    rng = np.random.default_rng(num_shades)
    rows = rng.choice(np.array([7, 0, 255, 9, 80], np.uint8)[:num_shades], (40, 72, 80, 1))
    rows[20:] = rows[rng.integers(20, size=20)]
    for first, last in ((0, 40), (3, 11), (19, 40), (39, 40), (5, 5)):
        assert np.array_equal(unpacked(rows, first, last), rows[first:last])


def test_four_shades_take_two_bits_and_five_take_a_byte():
    rng = np.random.default_rng(0)
    four = rng.choice(np.array([0, 85, 170, 255], np.uint8), (16, 5760))
    five = rng.choice(np.array([0, 64, 128, 192, 255], np.uint8), (16, 5760))
    assert len(pack(four)) < 16 * 5760 / 4 + 100
    assert 16 * 5760 <= len(pack(five)) < 16 * 5760 + 100


def test_a_binary_mask_takes_one_bit():
    mask = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (16, 5760))
    assert len(pack(mask)) < 16 * 5760 / 8 + 100


def test_repeated_rows_are_stored_once():
    rows = np.repeat(np.random.default_rng(0).normal(size=(2, 335)).astype(np.float32), 32, axis=0)
    assert len(pack(rows)) < 2 * 335 * 4 + 100


def test_more_than_256_distinct_rows_come_back():
    rows = np.random.default_rng(0).normal(size=(400, 4))[np.arange(500) % 400]
    assert np.array_equal(unpacked(rows), rows)


FIELDS = (Field("obs/x", "<f4", (3,)), Field("action", "<i8", ()), Field("is_first", "|b1", ()))


def columns(length):
    rng = np.random.default_rng(length)
    return {
        "obs/x": rng.normal(size=(length, 3)).astype(np.float32),
        "action": rng.integers(5, size=length),
        "is_first": rng.random(length) < 0.1,
    }


@pytest.mark.parametrize("length", [1, 7, 64])
def test_a_chunk_comes_back(length):
    rows = columns(length)
    back = {name: np.empty_like(values[length // 2 :]) for name, values in rows.items()}
    decode_rows(FIELDS, encode_chunk(FIELDS, 5, rows), length // 2, back, "here")
    assert all(np.array_equal(back[name], rows[name][length // 2 :]) for name in rows)


@pytest.mark.parametrize("position", [4, 9, 17, 30, -1])
def test_a_flipped_bit_anywhere_is_noticed(position):
    rows = columns(64)
    record = bytearray(encode_chunk(FIELDS, 5, rows))
    record[position] ^= 4
    with pytest.raises(CorruptChunkError, match="file\\.chunks"):
        decode_rows(FIELDS, bytes(record), 0, rows, "file.chunks")
