"""Append-only segment files of one stream, and how they are read back after any accident.

```
replay/stream_0000/rows_000000000000.chunks     records, one after the other (see chunk.py)
replay/stream_0000/rows_000000065536.chunks     a segment is named after its first row
```
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dreamer_agent.durable import sync
from dreamer_agent.replay.chunk import HEADER_BYTES, MAGIC, Header, is_intact, parse_header
from dreamer_agent.replay.files import open_to_write, write_whole

__all__ = ["SegmentWriter", "Stored", "scan"]

_SEGMENT_BYTES = 16 * 2**20
_TRIES = 16
"""How often its size of a damaged segment is hashed in search of whole records, at most: each
beginning of a record in it could claim to be as long as the rest."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a chunk lies: rows [start, stop) of a stream, in a file or in memory."""

    start: int
    stop: int
    size: int
    path: Path | None = None
    offset: int = 0
    record: bytes = b""

    def load(self) -> bytes:
        """Return the record's bytes as stored."""
        if self.path is None:
            return self.record
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.offset)
            return file.read(self.size)

    def __str__(self) -> str:
        rows = f"rows {self.start}-{self.stop - 1}"
        return f"{self.path}, offset {self.offset} ({rows})" if self.path else rows


class SegmentWriter:
    """Appends records to the segments of one stream."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fd: int | None = None
        self._path = directory
        self._bytes = 0
        self._has_new_name = False
        directory.mkdir(parents=True, exist_ok=True)

    def append(self, record: bytes, start: int, stop: int) -> Stored:
        """Write one record and return where it is.

        Raises:
            ReplayError: The disk will not take it; the file is as it was.
        """
        if self._fd is None or self._bytes >= _SEGMENT_BYTES:
            self._open(start)
        assert self._fd is not None
        write_whole(self._fd, record, self._path, self._bytes)
        stored = Stored(start, stop, len(record), self._path, self._bytes)
        self._bytes += len(record)
        return stored

    def sync(self) -> None:
        """Ask the disk to keep what was written, and the names of new segments."""
        if self._fd is not None:
            os.fsync(self._fd)
        if self._has_new_name:
            sync(self._directory)
            self._has_new_name = False

    def close(self) -> None:
        """Close the open segment, with what it holds on disk; the next append starts a new one."""
        if self._fd is not None:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = None

    def _open(self, first_row: int) -> None:
        self.close()
        self._path = self._directory / f"rows_{first_row:012d}.chunks"
        self._fd = open_to_write(self._path)
        self._has_new_name = True
        self._bytes = 0


def scan(directory: Path, repair: bool) -> tuple[list[Stored], list[str]]:
    """List the intact chunks of a stream's segments.

    Args:
        directory: One stream's directory.
        repair: Cut off a torn record at the end of the last segment.

    Returns:
        The chunks by first row, and one line for each stretch of bytes that is not one.
        A torn record at the end of the last segment (a killed writer) is not reported.
    """
    chunks: list[Stored] = []
    damage: list[str] = []
    paths = sorted(directory.glob("rows_*.chunks"))
    for path in paths:
        found, bad, torn_at = _scan_file(path, is_last=path == paths[-1])
        chunks += found
        damage += bad
        if repair and torn_at is not None:
            os.truncate(path, torn_at)
    ordered: list[Stored] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if ordered and chunk.start < ordered[-1].stop:
            damage.append(f"{chunk}, which hold rows that are there already")
        else:
            ordered.append(chunk)
    return ordered, damage


def _scan_file(path: Path, is_last: bool) -> tuple[list[Stored], list[str], int | None]:
    data = path.read_bytes()
    chunks: list[Stored] = []
    damage: list[str] = []
    offset, budget = 0, _TRIES * len(data)
    while offset < len(data):
        header = parse_header(data[offset : offset + HEADER_BYTES])
        size = HEADER_BYTES + header.payload_bytes if header else 0
        fits = size <= min(budget, len(data) - offset)
        if header and fits and is_intact(data[offset : offset + size]):
            start, stop = header.first_row, header.first_row + header.num_rows
            chunks.append(Stored(start, stop, size, path, offset))
            offset += size
            continue
        budget -= size if fits else 0
        following = data.find(MAGIC, offset + 1)
        if following < 0 and is_last and not _is_whole(header, size, len(data) - offset):
            return chunks, damage, offset
        end = following if following >= 0 else len(data)
        damage.append(f"{path}, bytes {offset}-{end - 1}")
        offset = end
    return chunks, damage, None


def _is_whole(header: Header | None, size: int, available: int) -> bool:
    return header is not None and available >= size
