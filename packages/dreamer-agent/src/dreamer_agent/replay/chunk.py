"""A chunk: up to ``chunk_length`` consecutive rows of one stream as one checked record.

Record: ``magic | payload bytes u32 | first row u64 | rows u32 | crc u32 | payload``; the checksum
covers the header's numbers and the payload. The payload is zstd over the packed fields.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from dreamer_agent.errors import CorruptChunkError
from dreamer_agent.replay.codec import pack, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = [
    "HEADER_BYTES",
    "MAGIC",
    "Field",
    "Header",
    "decode_rows",
    "encode_chunk",
    "is_intact",
    "parse_header",
]

MAGIC = b"DRC2"
_LEVEL = 9  # measured: see docs/explanation/decisions.md
_NUMBERS = struct.Struct("<IQI")
_CRC = struct.Struct("<I")
_SIZE = struct.Struct("<I")
_FOREIGN = (zstd.ZstdError, struct.error, ValueError, IndexError, TypeError, MemoryError)
HEADER_BYTES = len(MAGIC) + _NUMBERS.size + _CRC.size


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the replay: its name, the dtype and the shape of one row."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The fixed-size head of a record."""

    payload_bytes: int
    first_row: int
    num_rows: int
    crc: int


def encode_chunk(fields: Sequence[Field], first_row: int, columns: Mapping[str, Any]) -> bytes:
    """Encode rows ``first_row ...`` of a stream; ``columns[name]`` is ``(L, *shape)``."""
    packed = [pack(columns[field.name]) for field in fields]
    body = b"".join(_SIZE.pack(len(part)) + part for part in packed)
    payload = zstd.compress(body, _LEVEL)
    numbers = _NUMBERS.pack(len(payload), first_row, len(columns[fields[0].name]))
    return b"".join((MAGIC, numbers, _CRC.pack(zlib.crc32(payload, zlib.crc32(numbers))), payload))


def parse_header(data: bytes) -> Header | None:
    """Read a record's head; None if these bytes are not one."""
    if len(data) < HEADER_BYTES or data[: len(MAGIC)] != MAGIC:
        return None
    payload_bytes, first_row, num_rows = _NUMBERS.unpack_from(data, len(MAGIC))
    (crc,) = _CRC.unpack_from(data, len(MAGIC) + _NUMBERS.size)
    return Header(payload_bytes, first_row, num_rows, crc)


def is_intact(record: bytes) -> bool:
    """Whether the record is whole and its checksum holds."""
    header = parse_header(record)
    if header is None or len(record) != HEADER_BYTES + header.payload_bytes:
        return False
    numbers = record[len(MAGIC) : len(MAGIC) + _NUMBERS.size]
    return zlib.crc32(memoryview(record)[HEADER_BYTES:], zlib.crc32(numbers)) == header.crc


def decode_rows(
    fields: Sequence[Field],
    record: bytes,
    first: int,
    out: Mapping[str, NDArray[Any]],
    where: str,
) -> None:
    """Decode some rows of a record.

    Args:
        fields: The columns, in the order they were encoded.
        record: What ``encode_chunk`` returned.
        first: The first row wanted, counted from the chunk's first.
        out: Receives the rows: by name ``(n, *shape)``, contiguous.
        where: Named in the error.

    Raises:
        CorruptChunkError: The checksum does not hold, or what it vouches for is not such rows.
    """
    header = parse_header(record)
    if header is None or not is_intact(record):
        raise CorruptChunkError(f"The replay chunk at {where} fails its checksum; it is skipped.")
    try:
        _unpack_all(fields, header, memoryview(record)[HEADER_BYTES:], first, out)
    except _FOREIGN as error:  # a checksum proves that nothing changed, not that it was right
        raise CorruptChunkError(
            f"The replay chunk at {where} holds something else than {header.num_rows} rows of "
            f"these columns ({error}); it is skipped."
        ) from None


def _unpack_all(
    fields: Sequence[Field],
    header: Header,
    payload: memoryview,
    first: int,
    out: Mapping[str, NDArray[Any]],
) -> None:
    body = memoryview(zstd.decompress(payload))
    offset = 0
    for field in fields:
        (size,) = _SIZE.unpack_from(body, offset)
        start = offset + _SIZE.size
        offset = start + size
        unpack(body[start:offset], header.num_rows, first, out[field.name])
    if offset != len(body):
        raise ValueError(f"{len(body) - offset} bytes are left over")
