"""Reading ahead: the next batch is chosen, and decoded in a thread, while this one is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from dreamer_agent.replay.batch import Batch
from dreamer_agent.replay.windows import Window

__all__ = ["ReadAhead"]

Read = Callable[[Sequence[Window]], Batch]


class ReadAhead:
    """At most one batch on its way.

    Args:
        read: Makes a batch of windows.
        threaded: Read in a thread; else when the batch is taken (the result is the same).
    """

    def __init__(self, read: Read, threaded: bool) -> None:
        self._read = read
        self._executor = ThreadPoolExecutor(1, "replay") if threaded else None
        self.windows: list[Window] | None = None

    def begin(self, windows: list[Window]) -> None:
        """Begin to read the batch of these windows."""
        self.windows = windows
        self._result: Callable[[], Batch] = (
            self._executor.submit(self._read, windows).result
            if self._executor
            else partial(self._read, windows)
        )

    def take(self) -> tuple[list[Window], Batch]:
        """Return the batch begun, waiting for it if need be, and what it was made of.

        Raises:
            CorruptChunkError: A chunk it needs is damaged; the batch is given up.
        """
        assert self.windows is not None
        windows, self.windows = self.windows, None
        return windows, self._result()

    def close(self) -> None:
        """Stop the thread."""
        if self._executor:
            self._executor.shutdown(cancel_futures=True)
