"""Which rows are kept: as many as the capacity, and what saved positions still need."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from dreamer_agent.replay.store import ChunkStore
from dreamer_agent.replay.windows import Spans, Window

__all__ = ["Retention"]


class Retention:
    """Frees rows beyond the capacity that no saved position needs.

    Args:
        store: Where the rows are.
        capacity: Rows kept per stream.
    """

    def __init__(self, store: ChunkStore, capacity: int) -> None:
        self._store = store
        self._capacity = capacity
        self._slack = max(store.chunk_length, capacity // 16)  # many at a time: lists are rebuilt
        streams = range(store.num_streams)
        # rows from which on saved positions need them: of what lies there already, all
        is_new = not any(store.stop(stream) for stream in streams)
        self._needed: list[int] | None = None if is_new else [0 for _ in streams]

    def note_saved(self, state: Mapping[str, Any]) -> None:
        """Keep what this position needs, if it is the first one."""
        if self._needed is None:
            self._needed = self._firsts(state)

    def release(self, oldest: Mapping[str, Any]) -> None:
        """Take a position as the oldest that is still needed, and free what lies before it."""
        self._needed = self._firsts(oldest)
        self._store.release(self._needed)

    def check(self, state: Mapping[str, Any]) -> None:
        """Name in a warning what was stored at a saved position and is not there any more."""
        streams = range(self._store.num_streams)
        firsts = [stop - self._capacity for stop in state["stops"]]
        spans = state.get("spans") or []  # the first checkpoints had none
        if lost := _lost(spans, [self._store.spans(stream) for stream in streams], firsts):
            warnings.warn(f"Replay: {', '.join(lost)} are lost; going on without.", stacklevel=4)

    def free(self, pending: Sequence[Window]) -> None:
        """Free what the newest rows push out, but for sequences that are being read."""
        streams = range(self._store.num_streams)
        firsts = [self._store.stop(stream) - self._capacity for stream in streams]
        if not any(self._store.start(i) + self._slack <= first for i, first in enumerate(firsts)):
            return
        firsts = _with_pending(firsts, pending)
        if self._needed is not None:
            firsts = [min(pair) for pair in zip(firsts, self._needed, strict=True)]
        self._store.release(firsts)

    def _firsts(self, state: Mapping[str, Any]) -> list[int]:
        firsts = [max(0, stop - self._capacity) for stop in state["stops"]]
        return _with_pending(firsts, [Window(*entry) for entry in state["pending"] or ()])


def _with_pending(firsts: list[int], pending: Sequence[Window]) -> list[int]:
    for window in pending:
        firsts[window.stream] = min(firsts[window.stream], window.before.start)
    return firsts


def _lost(noted: Spans, there: Spans, firsts: Sequence[int]) -> list[str]:
    """Name the rows of ``noted`` from ``firsts[stream]`` on that are not ``there``."""
    lost = []
    for stream, (expected, present) in enumerate(zip(noted, there, strict=True)):
        for start, stop in expected:
            row = max(start, firsts[stream])
            for first, end in [*present, (stop, stop)]:
                if row < min(first, stop):
                    lost.append(f"rows {row}-{min(first, stop) - 1} of stream {stream}")
                row = max(row, end)
    return lost
