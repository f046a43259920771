"""Threads that work along with the calling one; the library's pools cost more than a step does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread

_Task = Callable[[], None]


class Workers:
    """Threads that wait for work.

    Args:
        num_threads: Number of them, the calling one not counted.
    """

    def __init__(self, num_threads: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._ends: SimpleQueue[BaseException | None] = SimpleQueue()
        self._num_threads = num_threads
        for number in range(num_threads):
            # daemons: a forgotten close() does not keep the program from ending
            Thread(
                target=_serve, args=(self._tasks, self._ends), name=f"pokered_{number}", daemon=True
            ).start()

    def run(self, work: Callable[[int], None], indices: Iterable[int]) -> None:
        """Call ``work`` with every index, on all threads; whoever is free takes the next one.

        Raises:
            BaseException: What ``work`` raised, once no thread works any more.
        """
        todo = iter(list(indices))

        def drain() -> None:
            for index in todo:
                work(index)

        for _ in range(self._num_threads):
            self._tasks.put(drain)
        try:
            drain()
        finally:
            errors = [self._ends.get() for _ in range(self._num_threads)]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        """Let the threads end. May be called again."""
        for _ in range(self._num_threads):
            self._tasks.put(None)
        self._num_threads = 0


def _serve(tasks: SimpleQueue[_Task | None], ends: SimpleQueue[BaseException | None]) -> None:
    while (task := tasks.get()) is not None:
        error = None
        try:
            task()
        except BaseException as raised:
            error = raised
        del task  # whose environments may be forgotten meanwhile
        ends.put(error)
        del error
