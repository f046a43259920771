"""Lossless packing of one field's rows: equal rows once, 1 or 2 bits a pixel, narrow integers.

A packed field is ``coding u8 | palette length u8 | palette | number of unique rows u32 |
row index | values``. Nothing is lost whatever the values are: a coding is chosen from what the
rows hold (two values fit 1 bit, four fit 2), not from what a key is called.
"""

from __future__ import annotations

import enum
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

_HEAD = struct.Struct("<BB")
_COUNT = struct.Struct("<I")
_NARROW: tuple[np.dtype[Any], ...] = tuple(np.dtype(name) for name in ("u1", "i2", "i4"))
_DEDUP_MIN_BYTES = 8  # below this the index costs as much as the row


class _Coding(enum.IntEnum):
    RAW = 0
    ONE_BIT = 1
    TWO_BIT = 2
    NARROW_U8 = 3
    NARROW_I16 = 4
    NARROW_I32 = 5


def pack(rows: NDArray[Any]) -> bytes:
    """Pack the rows of one field.

    Args:
        rows: ``(L, *shape)`` of any fixed-size dtype.

    Returns:
        Bytes that ``unpack`` turns back into the same array, bit for bit.
    """
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    unique, index = _dedup(flat)
    coding, palette, values = _encode_values(unique)
    return b"".join(
        (
            _HEAD.pack(coding, len(palette)),
            palette,
            _COUNT.pack(len(unique) if index is not None else 0),
            index.tobytes() if index is not None else b"",
            values,
        )
    )


def unpack(data: memoryview, length: int, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Undo ``pack``.

    Args:
        data: What ``pack`` returned.
        length: Number of rows L that were packed.
        shape: Shape of one row.
        dtype: dtype of the rows.

    Returns:
        ``(L, *shape)``, an array of its own.
    """
    dtype = np.dtype(dtype)
    row_items = int(np.prod(shape, dtype=np.int64))
    code, palette_length = _HEAD.unpack_from(data)
    offset = _HEAD.size + palette_length
    palette = np.frombuffer(data[_HEAD.size : offset], np.uint8)
    (num_unique,) = _COUNT.unpack_from(data, offset)
    offset += _COUNT.size
    index = None
    if num_unique:
        index_dtype = _index_dtype(num_unique)
        index = np.frombuffer(data, index_dtype, length, offset)
        offset += length * index_dtype.itemsize
    rows = num_unique or length
    values = _decode_values(_Coding(code), palette, data[offset:], rows * row_items, dtype)
    values = values.reshape(rows, row_items)
    if index is not None:
        values = values[index]
    return values.reshape(length, *shape)


def _dedup(flat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if flat.dtype.itemsize * flat.shape[1] < _DEDUP_MIN_BYTES:
        return flat, None
    seen: dict[bytes, int] = {}
    index = [seen.setdefault(row.tobytes(), len(seen)) for row in flat]
    if len(seen) == len(flat):
        return flat, None
    firsts = np.unique(np.asarray(index), return_index=True)[1]
    return flat[firsts], np.asarray(index, _index_dtype(len(seen)))


def _index_dtype(num_unique: int) -> np.dtype[Any]:
    return np.dtype(np.uint8 if num_unique <= 256 else np.uint32)


def _encode_values(values: NDArray[Any]) -> tuple[_Coding, bytes, bytes]:
    if values.dtype == np.bool_:
        return _Coding.ONE_BIT, b"\x00\x01", np.packbits(values).tobytes()
    if values.dtype == np.uint8:
        shades = np.flatnonzero(np.bincount(values.ravel(), minlength=256)).astype(np.uint8)
        if len(shades) <= 4:
            return _encode_shades(values, shades)
    elif values.dtype.kind in "iu" and values.size:
        low, high = int(values.min()), int(values.max())
        for coding, narrow in zip(list(_Coding)[3:], _NARROW, strict=True):
            info = np.iinfo(narrow)
            fits = info.min <= low and high <= info.max
            if fits and narrow.itemsize < values.dtype.itemsize:
                return coding, b"", values.astype(narrow).tobytes()
    return _Coding.RAW, b"", values.tobytes()


def _encode_shades(
    values: NDArray[np.uint8], shades: NDArray[np.uint8]
) -> tuple[_Coding, bytes, bytes]:
    codes = np.zeros(256, np.uint8)
    codes[shades] = np.arange(len(shades))
    flat = codes[values.ravel()]
    if len(shades) <= 2:
        return _Coding.ONE_BIT, shades.tobytes(), np.packbits(flat).tobytes()
    flat = np.concatenate([flat, np.zeros(-len(flat) % 4, np.uint8)]).reshape(-1, 4)
    packed = flat[:, 0] << 6 | flat[:, 1] << 4 | flat[:, 2] << 2 | flat[:, 3]
    return _Coding.TWO_BIT, shades.tobytes(), packed.astype(np.uint8).tobytes()


_TWO_BIT_CODES = np.stack([np.arange(256) >> shift & 3 for shift in (6, 4, 2, 0)], 1)  # (256, 4)


def _decode_values(
    coding: _Coding, palette: NDArray[np.uint8], data: memoryview, count: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    if coding is _Coding.RAW:
        return np.frombuffer(data, dtype, count).copy()
    if coding is _Coding.ONE_BIT:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count)
        if dtype == np.bool_:
            return bits.astype(np.bool_)
        return np.resize(palette, 2)[bits] if len(palette) else bits
    if coding is _Coding.TWO_BIT:
        table = np.resize(palette, 4)[_TWO_BIT_CODES]
        return table[np.frombuffer(data, np.uint8)].reshape(-1)[:count]
    return np.frombuffer(data, _NARROW[coding - _Coding.NARROW_U8], count).astype(dtype)
