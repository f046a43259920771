"""Which rows to learn from: windows of T rows, new data once first, then uniform over all.

The sampler knows only where rows are (spans and episode starts), never what they hold.
Randomness is a function of (seed, number of draws), so a counter is all there is to save.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.replay.windows import Spans, Window

__all__ = ["Boundary", "Sampler"]

Boundary = Literal["cross", "within"]

_QUEUE_BATCHES = 8


class Sampler:
    """Draws windows.

    With ``boundary="cross"`` a window is any T consecutive rows of a stream. With ``"within"`` it
    stays inside one episode: all T + len - 1 placements that touch the episode are equally likely,
    and are shifted back inside, so that first and last rows are not starved; an episode shorter
    than T is one short window. Starts lie right after rows whose latents are kept (every K-th).

    Args:
        num_streams: Number of streams.
        length: T, rows per window.
        boundary: May windows cross episode ends?
        every: K; 1 allows every start.
        seed: Root of the randomness.
        online: Show each new stretch of T rows once before it can only be met by chance.
    """

    def __init__(
        self,
        num_streams: int,
        length: int,
        boundary: Boundary = "cross",
        every: int = 1,
        seed: int = 0,
        online: bool = True,
    ) -> None:
        self._length = length
        self._boundary = boundary
        self._every = every
        self._seed = seed
        self._online = online
        self._draws = 0
        self._episodes = [array("q") for _ in range(num_streams)]
        self._queued_to = [0] * num_streams
        self._queue: deque[Window] = deque()

    def observe(self, stream: int, row: int, is_first: bool, is_last: bool) -> None:
        """Note a row that was added."""
        if is_first:
            self._episodes[stream].append(row)
        if not self._online:
            return
        if self._boundary == "within" and is_first:
            self._queued_to[stream] = row
        start = self._queued_to[stream]
        if row + 1 - start == self._length or (self._boundary == "within" and is_last):
            if row + 1 > start:
                self._queue.append(Window(stream, start, row + 1 - start))
            self._queued_to[stream] = (row + 1) // self._every * self._every

    def draw(self, batch: int, spans: Spans) -> list[Window] | None:
        """Choose windows for one batch; None if no window fits yet.

        Args:
            batch: B, number of windows.
            spans: Per stream, ranges [start, stop) of rows that can be read.
        """
        places = self._places(spans)
        if not len(places):
            return None
        rng = np.random.default_rng((self._seed, self._draws))
        self._draws += 1
        fresh = self._take_online(batch // 2 or 1, batch * _QUEUE_BATCHES, spans)
        ends = np.cumsum(places[:, 3])
        picks = rng.integers(0, ends[-1], size=batch - len(fresh))
        return fresh + [self._pick(places, ends, int(pick)) for pick in picks]

    def num_starts(self, spans: Spans) -> int:
        """Number of equally likely placements."""
        return int(self._places(spans)[:, 3].sum())

    def state(self) -> dict[str, Any]:
        """Counters to save, as JSON-able values."""
        return {
            "draws": self._draws,
            "queued_to": list(self._queued_to),
            "queue": [list(window) for window in self._queue],
        }

    def restore(self, state: dict[str, Any], episodes: list[list[int]]) -> None:
        """Continue from ``state()``; ``episodes`` are the rows per stream that are ``is_first``."""
        self._draws = state["draws"]
        self._queued_to = list(state["queued_to"])
        self._queue = deque(Window(*entry) for entry in state["queue"])
        self._episodes = [array("q", starts) for starts in episodes]

    def _places(self, spans: Spans) -> NDArray[np.int64]:
        """Stretches windows can be placed in: rows of (stream, start, stop, weight)."""
        parts = [
            self._stretches(stream, start, stop)
            for stream, ranges in enumerate(spans)
            for start, stop in ranges
        ]
        places = np.concatenate(parts) if parts else np.zeros((0, 4), np.int64)
        return places[places[:, 3] > 0]

    def _stretches(self, stream: int, start: int, stop: int) -> NDArray[np.int64]:
        if self._boundary == "cross":
            first, last = -(-start // self._every), (stop - self._length) // self._every
            return np.array([[stream, start, stop, last - first + 1]], np.int64)
        starts = np.frombuffer(self._episodes[stream], np.int64)
        inside = starts[np.searchsorted(starts, start, "right") : np.searchsorted(starts, stop)]
        edges = np.concatenate([[start], inside, [stop]])
        sizes = np.diff(edges)
        weights = sizes + self._length - 1
        return np.stack([np.full_like(sizes, stream), edges[:-1], edges[1:], weights], 1)

    def _pick(self, places: NDArray[np.int64], ends: NDArray[np.int64], pick: int) -> Window:
        index = int(np.searchsorted(ends, pick, side="right"))
        stream, start, stop, weight = (int(value) for value in places[index])
        offset = pick - (int(ends[index]) - weight)
        if self._boundary == "cross":
            return Window(stream, (-(-start // self._every) + offset) * self._every, self._length)
        last = max(start, stop - self._length)
        wanted = start + offset - (self._length - 1)
        row = min(max(wanted, start), last)
        row = self._snap(row, start, up=row == last)
        return Window(stream, row, min(self._length, stop - row))

    def _snap(self, row: int, start: int, up: bool) -> int:
        """Nearest row after a kept latent; the end of an episode is never cut off by it."""
        if row == start:
            return row
        if up:
            return -(-row // self._every) * self._every
        return max(start, row // self._every * self._every)

    def _take_online(self, most: int, keep: int, spans: Spans) -> list[Window]:
        while len(self._queue) > keep:
            self._queue.popleft()
        taken: list[Window] = []
        while self._queue and len(taken) < most:
            window = self._queue.popleft()
            stop = window.start + window.length
            if any(a <= window.start and stop <= b for a, b in spans[window.stream]):
                taken.append(window)
        return taken
