"""Lossless packing of one field's rows: equal rows once, 1 or 2 bits a pixel, narrow integers.

A packed field is ``coding u8 | palette length u8 | palette | number of unique rows u32 |
row index | values``; the values of a row are whole bytes. Nothing is lost whatever the values
are: a coding is chosen from what the rows hold (two values fit 1 bit, four fit 2), not from what
a key is called.
"""

from __future__ import annotations

import enum
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

_HEAD = struct.Struct("<BB")
_COUNT = struct.Struct("<I")
_DEDUP_MIN_BYTES = 8  # below this the index costs as much as the row


class _Coding(enum.IntEnum):
    RAW = 0
    ONE_BIT = 1
    TWO_BIT = 2
    NARROW_U8 = 3
    NARROW_I16 = 4
    NARROW_I32 = 5


_NARROW: dict[int, np.dtype[Any]] = {
    _Coding.NARROW_U8: np.dtype("u1"),
    _Coding.NARROW_I16: np.dtype("<i2"),
    _Coding.NARROW_I32: np.dtype("<i4"),
}
_PIXELS: dict[int, int] = {_Coding.ONE_BIT: 8, _Coding.TWO_BIT: 4}  # in a byte
_MANY_BYTES = 2**12  # from here on, two bytes at a time are looked up


def pack(rows: NDArray[Any]) -> bytes:
    """Pack the rows of one field.

    Args:
        rows: ``(L, *shape)`` of any fixed-size dtype.

    Returns:
        Bytes that ``unpack`` turns back into the same rows, bit for bit.
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
            values.tobytes(),
        )
    )


def unpack(data: memoryview, length: int, first: int, out: NDArray[Any]) -> None:
    """Undo ``pack`` for some of the rows; only those are decoded.

    Args:
        data: What ``pack`` returned.
        length: Number of rows L that were packed.
        first: The first row wanted.
        out: Receives rows ``first ... first + len(out)``: ``(n, *shape)``, contiguous, in the
            dtype they were packed from.

    Raises:
        ValueError: This is nothing ``pack`` makes of so many such rows.
    """
    if not out.size:
        return
    code, palette_length = _HEAD.unpack_from(data)
    offset = _HEAD.size + palette_length
    (num_unique,) = _COUNT.unpack_from(data, offset)
    values = offset + _COUNT.size
    wanted: slice | NDArray[Any] = slice(first, first + len(out))
    if num_unique:
        index = np.frombuffer(data, _index_dtype(num_unique), length, values)
        values += index.nbytes
        wanted = index[wanted]
    rows = out.reshape(len(out), -1)
    packed = _as_rows(data[values:], num_unique or length, code, rows)
    if code not in _PIXELS:
        rows[:] = packed[wanted]
        return
    _decode_pixels(code, bytes(data[_HEAD.size : offset]), packed[wanted], rows)


def _as_rows(data: memoryview, num: int, code: int, out: NDArray[Any]) -> NDArray[Any]:
    """Look at packed values as ``num`` rows of those that ``out`` is to hold."""
    items = out.shape[1]
    if code in _PIXELS:
        if out.dtype.itemsize != 1:
            raise ValueError(f"pixels in a column of {out.dtype}")
        dtype, width = np.dtype(np.uint8), -(-items // _PIXELS[code])
    else:
        dtype, width = (_NARROW[code] if code in _NARROW else out.dtype), items
        if code not in _NARROW and code != _Coding.RAW:
            raise ValueError(f"no coding has the number {code}")
    return np.frombuffer(data, dtype).reshape(num, width)


def _decode_pixels(code: int, palette: bytes, packed: NDArray[np.uint8], out: NDArray[Any]) -> None:
    words = _words(code, palette)
    if packed.shape[1] * words.itemsize != out.shape[1]:
        out[:] = words.take(packed).view(out.dtype)[:, : out.shape[1]]
        return
    if code == _Coding.TWO_BIT and packed.shape[1] % 2 == 0 and packed.size >= _MANY_BYTES:
        words, packed = _pairs(palette), packed.view("<u2")
    # "clip" because any other mode goes through a copy; nothing is out of range
    words.take(packed, out=out.view(words.dtype), mode="clip")


@lru_cache(256)
def _words(code: int, palette: bytes) -> NDArray[Any]:
    """Return the pixels of each of the 256 bytes, as one integer."""
    pixels = _PIXELS[code]
    bits = 8 // pixels
    shifts = np.arange(8 - bits, -1, -bits)
    codes = np.arange(256)[:, None] >> shifts & (1 << bits) - 1  # (256, pixels)
    shades = np.resize(np.frombuffer(palette, np.uint8), 1 << bits)
    return shades[codes].view(f"<u{pixels}")[:, 0]


@lru_cache(8)
def _pairs(palette: bytes) -> NDArray[Any]:
    """Return the pixels of each pair of bytes of two-bit pixels; half a megabyte."""
    words = _words(_Coding.TWO_BIT, palette).astype("<u8")
    return (words | words[:, None] << np.uint64(32)).reshape(-1)


def _dedup(flat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if flat.dtype.itemsize * flat.shape[1] < _DEDUP_MIN_BYTES:
        return flat, None
    seen: dict[bytes, int] = {}
    index = [seen.setdefault(row.tobytes(), len(seen)) for row in flat]
    if len(seen) == len(flat):
        return flat, None
    firsts = np.unique(np.asarray(index), return_index=True)[1]
    return flat[firsts], np.asarray(index, _index_dtype(len(seen)))


def _index_dtype(num_unique: int) -> str:
    return "u1" if num_unique <= 256 else "<u4"


def _encode_values(values: NDArray[Any]) -> tuple[_Coding, bytes, NDArray[Any]]:
    if values.dtype == np.bool_:
        return _Coding.ONE_BIT, b"\x00\x01", np.packbits(values, axis=1)
    if values.dtype == np.uint8:
        shades = np.flatnonzero(np.bincount(values.ravel(), minlength=256)).astype(np.uint8)
        if 0 < len(shades) <= 4:
            return _encode_shades(values, shades)
    elif values.dtype.kind in "iu" and values.size:
        low, high = int(values.min()), int(values.max())
        for coding, narrow in _NARROW.items():
            info = np.iinfo(narrow)
            fits = info.min <= low and high <= info.max
            if fits and narrow.itemsize < values.dtype.itemsize:
                return _Coding(coding), b"", values.astype(narrow)
    return _Coding.RAW, b"", values


def _encode_shades(
    values: NDArray[np.uint8], shades: NDArray[np.uint8]
) -> tuple[_Coding, bytes, NDArray[Any]]:
    codes = np.zeros(256, np.uint8)
    codes[shades] = np.arange(len(shades))
    codes = codes[values]
    if len(shades) <= 2:
        return _Coding.ONE_BIT, shades.tobytes(), np.packbits(codes, axis=1)
    codes = np.pad(codes, ((0, 0), (0, -values.shape[1] % 4)))
    packed = codes[:, 0::4] << 6 | codes[:, 1::4] << 4 | codes[:, 2::4] << 2 | codes[:, 3::4]
    return _Coding.TWO_BIT, shades.tobytes(), packed
