"""A chunk: up to ``chunk_length`` consecutive rows of one stream as one checked record.

Record: ``magic | payload bytes u32 | first row u64 | rows u32 | crc u32 | payload``; the checksum
covers the header's numbers and the payload. The payload is lz4 over the packed fields.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lz4.block
import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import CorruptChunkError
from dreamer_agent.replay.codec import pack, unpack

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

MAGIC = b"DRC1"
_NUMBERS = struct.Struct("<IQI")
_CRC = struct.Struct("<I")
_SIZE = struct.Struct("<I")
_FOREIGN = (lz4.block.LZ4BlockError, struct.error, ValueError, IndexError, TypeError, MemoryError)
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
    payload = lz4.block.compress(body)
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


def decode_rows(fields: Sequence[Field], record: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Decode a record into columns ``(L, *shape)``.

    Args:
        fields: The columns, in the order they were encoded.
        record: What ``encode_chunk`` returned.
        where: Named in the error.

    Raises:
        CorruptChunkError: The checksum does not hold, or what it vouches for is not such rows.
    """
    header = parse_header(record)
    if header is None or not is_intact(record):
        raise CorruptChunkError(f"The replay chunk at {where} fails its checksum; it is skipped.")
    try:
        return _unpack_all(fields, header, memoryview(record)[HEADER_BYTES:])
    except _FOREIGN as error:  # a checksum proves that nothing changed, not that it was right
        raise CorruptChunkError(
            f"The replay chunk at {where} holds something else than {header.num_rows} rows of "
            f"these columns ({error}); it is skipped."
        ) from None


def _unpack_all(
    fields: Sequence[Field], header: Header, payload: memoryview
) -> dict[str, NDArray[Any]]:
    body = memoryview(lz4.block.decompress(payload))
    columns, offset = {}, 0
    for field in fields:
        (size,) = _SIZE.unpack_from(body, offset)
        start = offset + _SIZE.size
        offset = start + size
        columns[field.name] = unpack(
            body[start:offset], header.num_rows, field.shape, np.dtype(field.dtype)
        )
    if offset != len(body):
        raise ValueError(f"{len(body) - offset} bytes are left over")
    return columns
