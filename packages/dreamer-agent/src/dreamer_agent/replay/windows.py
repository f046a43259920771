"""Windows: which rows of a stream make a sequence, and reading several of them as one batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import ReplayError
from dreamer_agent.replay.batch import Batch
from dreamer_agent.replay.chunk import Field
from dreamer_agent.replay.rows import FLAGS, OBS_PREFIX, row_id
from dreamer_agent.replay.store import ChunkStore

__all__ = [
    "Spans",
    "Window",
    "are_stored",
    "find_episodes",
    "kept_spans",
    "read_sequences",
    "read_windows",
    "spread_windows",
    "with_burn_in",
]

Spans = Sequence[Sequence[tuple[int, int]]]
"""Per stream, the ranges [start, stop) of rows that can be read."""

_ALIGN = 64


class Window(NamedTuple):
    """Rows [start, start + length) of a stream, after ``burn_in`` rows that warm the state up."""

    stream: int
    start: int
    length: int
    burn_in: int = 0

    @property
    def before(self) -> Window:
        """The rows that warm the state up, as a window of their own."""
        return Window(self.stream, self.start - self.burn_in, self.burn_in)


def kept_spans(store: ChunkStore, capacity: int) -> list[list[tuple[int, int]]]:
    """Return the ranges of the newest ``capacity`` rows of each stream."""
    firsts = [store.stop(stream) - capacity for stream in range(store.num_streams)]
    return [
        [(max(start, first), stop) for start, stop in store.spans(stream) if stop > first]
        for stream, first in enumerate(firsts)
    ]


def are_stored(windows: Sequence[Window], store: ChunkStore) -> bool:
    """Whether every row of these windows and of their burn-in can be read."""
    return all(
        any(
            start <= window.before.start and window.start + window.length <= stop
            for start, stop in store.spans(window.stream)
        )
        for window in windows
    )


def spread_windows(spans: Spans, num: int, length: int, every: int) -> list[Window]:
    """Place windows evenly over all rows, the newest among them.

    Args:
        spans: Rows that can be read.
        num: Number of windows; fewer if there are not so many apart from each other.
        length: Rows per window.
        every: Starts are multiples of this, so that a kept latent lies before them.

    Raises:
        ReplayError: No stream has ``length`` rows in a row.
    """
    windows = [
        Window(stream, start // every * every, length)
        for stream, ranges in enumerate(spans)
        for first, stop in ranges
        for start in range(stop - length, first - 1, -length)
        if start // every * every >= first
    ]
    if not windows:
        raise ReplayError(
            f"No environment has {length} stored rows in a row yet; collect more first."
        )
    windows.sort(key=lambda window: window.start, reverse=True)
    picks = np.linspace(0, len(windows) - 1, min(num, len(windows))).astype(int)
    return [windows[pick] for pick in picks]


def with_burn_in(windows: Sequence[Window], spans: Spans, burn_in: int) -> list[Window]:
    """Put ``burn_in`` rows before each window, where there are so many; elsewhere none."""
    return [
        window._replace(burn_in=burn_in)
        if any(a <= window.start - burn_in and window.start < b for a, b in spans[window.stream])
        else window
        for window in windows
    ]


def read_sequences(
    store: ChunkStore, windows: Sequence[Window], length: int, burn_in: int
) -> Batch:
    """Read windows as a batch ``(B, length)``, and the rows before them, ``(B, burn_in)``."""
    batch = read_windows(store, windows, length)
    if not burn_in:
        return batch
    before = read_windows(store, [window.before for window in windows], burn_in)
    return replace(batch, burn_in=before)


def read_windows(store: ChunkStore, windows: Sequence[Window], length: int) -> Batch:
    """Read windows as a batch ``(B, length)``; shorter ones are padded at the end."""
    batch = len(windows)
    padded = any(window.length < length for window in windows)
    columns = _make_columns(store.fields, batch, length)
    ids = np.full((batch, length), -1, np.int64)
    for index, (stream, start, size, _) in enumerate(windows):
        rows = {name: values[index, :size] for name, values in columns.items()}
        store.read_into(stream, start, rows)
        for values in columns.values() if size < length else ():
            values[index, size:] = 0
        ids[index, :size] = row_id(stream, start) + np.arange(size)
    # an abandoned episode (a stream taken up anew) ends where the next one begins
    columns["is_last"][:, :-1] |= columns["is_first"][:, 1:] & (ids[:, 1:] >= 0)
    obs = {
        name.removeprefix(OBS_PREFIX): values
        for name, values in columns.items()
        if name.startswith(OBS_PREFIX)
    }
    rest: dict[str, Any] = {name: columns[name] for name in ("action", "reward", *FLAGS)}
    return Batch(obs=obs, ids=ids, valid=ids >= 0 if padded else None, **rest)


def _make_columns(fields: Sequence[Field], batch: int, length: int) -> dict[str, NDArray[Any]]:
    """Make arrays ``(B, T, *shape)`` in one piece of memory.

    malloc keeps one large piece for the next batch; several it gives back to the system, and
    each batch pays for their pages anew.
    """
    shapes = {field.name: (batch, length, *field.shape) for field in fields}
    sizes = [math.prod(shapes[field.name]) * np.dtype(field.dtype).itemsize for field in fields]
    starts = [0, *itertools.accumulate(-(-size // _ALIGN) * _ALIGN for size in sizes)]
    memory = np.empty(starts[-1], np.uint8)
    return {
        field.name: memory[start : start + size].view(field.dtype).reshape(shapes[field.name])
        for field, start, size in zip(fields, starts, sizes, strict=False)
    }


def find_episodes(store: ChunkStore) -> list[list[int]]:
    """Return, per stream, the rows that begin an episode."""
    return [
        [
            row + int(offset)
            for first, stop in store.spans(stream)
            for row in range(first, stop, store.chunk_length)
            for offset in np.flatnonzero(_is_first(store, stream, row, stop))
        ]
        for stream in range(store.num_streams)
    ]


def _is_first(store: ChunkStore, stream: int, row: int, stop: int) -> Any:
    return store.read(stream, row, min(stop, row + store.chunk_length))["is_first"]
