"""Rows of several streams in packed chunks, in memory or append-only on disk.

A row never changes once added. A process killed at any moment loses at most the rows of the
chunk that was being filled; a damaged chunk is named in a warning and left out.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import CorruptChunkError, ReplayError
from dreamer_agent.replay.chunk import Field, decode_rows, encode_chunk
from dreamer_agent.replay.schema import check_schema
from dreamer_agent.replay.segments import SegmentWriter, Stored, scan

__all__ = ["ChunkStore"]


class _Stream:
    """Chunks of one environment, and the open chunk being filled."""

    def __init__(
        self, fields: Sequence[Field], chunk_length: int, writer: SegmentWriter | None
    ) -> None:
        self.chunks: list[Stored] = []
        self.spans: list[tuple[int, int]] = []  # of the chunks, neighbours merged
        self.writer = writer
        self.num_open = 0
        self.open_start = 0
        self.open = {f.name: np.zeros((chunk_length, *f.shape), f.dtype) for f in fields}

    @property
    def stop(self) -> int:
        return self.open_start + self.num_open

    def add(self, chunk: Stored) -> None:
        self.chunks.append(chunk)
        _extend(self.spans, chunk.start, chunk.stop)

    def replace(self, chunks: list[Stored]) -> None:
        self.chunks, self.spans = chunks, []
        for chunk in chunks:
            _extend(self.spans, chunk.start, chunk.stop)


def _extend(spans: list[tuple[int, int]], start: int, stop: int) -> None:
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], stop)
    else:
        spans.append((start, stop))


class ChunkStore:
    """Append rows per stream, read any range back as arrays.

    Args:
        fields: The columns of a row.
        num_streams: Number of environments; stream ids are 0..num_streams-1.
        directory: Where to keep chunks; None keeps them (packed) in memory.
        chunk_length: Rows per chunk.
        read_only: Touch no file, not even a record a killed writer left half written.

    Raises:
        ReplayError: The directory holds rows with other columns.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        num_streams: int,
        directory: Path | None = None,
        chunk_length: int = 64,
        read_only: bool = False,
    ) -> None:
        self.fields = tuple(fields)
        self.directory = directory
        self.read_only = read_only
        self.chunk_length = chunk_length
        self._lock = threading.RLock()
        if directory is not None:
            check_schema(directory, self.fields)
        self._streams = [self._open_stream(index) for index in range(num_streams)]

    def _open_stream(self, index: int) -> _Stream:
        if self.directory is None:
            return _Stream(self.fields, self.chunk_length, None)
        path = self.directory / f"stream_{index:04d}"
        writer = None if self.read_only else SegmentWriter(path)
        stream = _Stream(self.fields, self.chunk_length, writer)
        chunks, damage = scan(path, repair=not self.read_only)
        stream.replace(chunks)
        for place in damage:
            warnings.warn(f"Replay: skipped damaged data at {place}.", stacklevel=3)
        stream.open_start = stream.chunks[-1].stop if stream.chunks else 0
        return stream

    @property
    def num_streams(self) -> int:
        """Number of streams."""
        return len(self._streams)

    def stop(self, stream: int) -> int:
        """Index of the row the next ``append`` to this stream will get."""
        return self._streams[stream].stop

    def start(self, stream: int) -> int:
        """Index of the oldest row this stream still has."""
        target = self._streams[stream]
        return target.chunks[0].start if target.chunks else target.open_start

    def append(self, stream: int, row: Mapping[str, Any]) -> int:
        """Add one row and return its index within the stream."""
        target = self._streams[stream]
        with self._lock:
            for field in self.fields:
                target.open[field.name][target.num_open] = row[field.name]
            target.num_open += 1
            if target.num_open == self.chunk_length:
                self._close_chunk(target)
        return target.stop - 1

    def flush(self) -> list[int]:
        """Write every open chunk out; returns the number of rows ever added, per stream."""
        with self._lock:
            for stream in self._streams:
                if stream.num_open:
                    self._close_chunk(stream)
                if stream.writer:
                    stream.writer.sync()
        return [stream.stop for stream in self._streams]

    def spans(self, stream: int) -> list[tuple[int, int]]:
        """Contiguous ranges [start, stop) of readable rows, gaps left out."""
        target = self._streams[stream]
        spans = list(target.spans)
        if target.num_open:
            _extend(spans, target.open_start, target.stop)
        return spans

    def read(self, stream: int, start: int, stop: int) -> dict[str, NDArray[Any]]:
        """Read rows [start, stop) as fresh arrays ``(stop - start, *shape)``.

        Raises:
            CorruptChunkError: A chunk in the range is damaged; it is dropped from the spans.
            ReplayError: The range holds rows that are not there.
        """
        out = {f.name: np.empty((stop - start, *f.shape), f.dtype) for f in self.fields}
        self.read_into(stream, start, out)
        return out

    def read_into(self, stream: int, start: int, out: Mapping[str, NDArray[Any]]) -> None:
        """Read the rows from ``start`` on into arrays ``(n, *shape)``, contiguous, by column name.

        Raises:
            CorruptChunkError: A chunk in the range is damaged; it is dropped from the spans.
            ReplayError: The range holds rows that are not there.
        """
        row, stop = start, start + len(out[self.fields[0].name])
        while row < stop:
            end = self._read_piece(
                stream, row, {name: values[row - start :] for name, values in out.items()}
            )
            row = min(stop, end)

    def _read_piece(self, index: int, row: int, out: Mapping[str, NDArray[Any]]) -> int:
        """Read what one chunk has of the rows from ``row`` on; returns where the chunk ends."""
        stream = self._streams[index]
        with self._lock:
            if stream.open_start <= row < stream.stop:
                for name, values in stream.open.items():
                    rows = values[row - stream.open_start : stream.num_open]
                    out[name][: len(rows)] = rows[: len(out[name])]
                return stream.stop
            chunk = _find(stream.chunks, row)
        if chunk is None:
            raise ReplayError(f"Stream {index} has no row {row}; it has {self.spans(index)}.")
        wanted = {name: values[: chunk.stop - row] for name, values in out.items()}
        try:  # not under the lock: rows can be added while others are decoded
            decode_rows(self.fields, chunk.load(), row - chunk.start, wanted, str(chunk))
        except CorruptChunkError as error:
            with self._lock:
                stream.replace([other for other in stream.chunks if other is not chunk])
            warnings.warn(str(error), stacklevel=2)
            raise
        return chunk.stop

    def _close_chunk(self, stream: _Stream) -> None:
        count = stream.num_open
        columns = {name: values[:count] for name, values in stream.open.items()}
        start, stop = stream.open_start, stream.stop
        record = encode_chunk(self.fields, start, columns)
        stored = (
            stream.writer.append(record, start, stop)
            if stream.writer
            else Stored(start, stop, len(record), record=record)
        )
        stream.add(stored)
        stream.open_start, stream.num_open = stop, 0

    def truncate(self, stops: Sequence[int]) -> None:
        """Drop every row at or after ``stops[stream]``, e.g. rows newer than a checkpoint."""
        with self._lock:
            for index, (stream, stop) in enumerate(zip(self._streams, stops, strict=True)):
                kept = [chunk for chunk in stream.chunks if chunk.stop <= stop]
                crossing = [chunk for chunk in stream.chunks if chunk.start < stop < chunk.stop]
                rows = self.read(index, crossing[0].start, stop) if crossing else None
                for chunk in stream.chunks[len(kept) :]:
                    _cut(chunk)
                stream.replace(kept)
                stream.open_start = crossing[0].start if crossing else stop
                stream.num_open = 0
                if stream.writer:
                    stream.writer.close()
                for row in range(stop - stream.open_start if rows else 0):
                    assert rows is not None
                    self.append(index, {name: values[row] for name, values in rows.items()})

    def release(self, firsts: Sequence[int]) -> None:
        """Free chunks that hold only rows before ``firsts[stream]``."""
        with self._lock:
            for stream, first in zip(self._streams, firsts, strict=True):
                dropped = [chunk for chunk in stream.chunks if chunk.stop <= first]
                if not dropped:
                    continue
                stream.replace([chunk for chunk in stream.chunks if chunk.stop > first])
                in_use = {chunk.path for chunk in stream.chunks}
                for path in {chunk.path for chunk in dropped} - in_use:
                    if path is not None:
                        path.unlink(missing_ok=True)

    def packed_bytes(self) -> int:
        """Bytes of all stored chunks."""
        return sum(chunk.size for stream in self._streams for chunk in stream.chunks)

    def packed_rows(self) -> int:
        """Rows in all stored chunks."""
        return sum(c.stop - c.start for stream in self._streams for c in stream.chunks)

    def close(self) -> None:
        """Flush and close all files."""
        self.flush()
        for stream in self._streams:
            if stream.writer:
                stream.writer.close()


def _find(chunks: list[Stored], row: int) -> Stored | None:
    low, high = 0, len(chunks)
    while low < high:
        middle = (low + high) // 2
        if chunks[middle].stop <= row:
            low = middle + 1
        else:
            high = middle
    return chunks[low] if low < len(chunks) and chunks[low].start <= row else None


def _cut(chunk: Stored) -> None:
    """Cut a segment off where this chunk begins; a segment left empty goes."""
    if chunk.path is None or not chunk.path.exists():
        return
    if chunk.offset == 0:
        chunk.path.unlink()
    elif chunk.path.stat().st_size > chunk.offset:
        with chunk.path.open("r+b") as file:
            file.truncate(chunk.offset)
