"""Threads that work along with the calling one; the library's pools cost more than a step does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread

from pokered_env.errors import ClosedError

_Task = Callable[[], None]


class Workers:
    """Threads that wait for work.

    Args:
        num_threads: Number of them, the calling one not counted.
    """

    def __init__(self, num_threads: int) -> None:
        self._tasks: SimpleQueue[tuple[_Task, _Ends] | None] = SimpleQueue()
        self._ends = _Ends()
        self._num_threads = num_threads
        self._process = os.getpid()
        for number in range(num_threads):
            # daemons: a forgotten close() does not keep the program from ending
            Thread(
                target=_serve, args=(self._tasks,), name=f"pokered_{number}", daemon=True
            ).start()

    def run(self, work: Callable[[int], None], indices: Iterable[int]) -> None:
        """Call ``work`` with every index, on all threads; whoever is free takes the next one.

        Raises:
            BaseException: What ``work`` raised, once no thread works any more.
            KeyboardInterrupt: At once; the next run waits for what is still being worked on.
        """
        if self._process != os.getpid():
            raise ClosedError(
                "These environments were made before this process was forked off; threads do not "
                "come along. Make them in the process that steps them."
            )
        self.wait()
        todo = iter(list(indices))

        def drain() -> None:
            for index in todo:
                work(index)

        ends = self._ends = _Ends()
        try:
            for _ in range(self._num_threads):
                self._tasks.put((drain, ends))
                ends.num_expected += 1
            drain()
        finally:
            errors = ends.wait()
        for error in errors:
            if error is not None:
                raise error

    def wait(self) -> None:
        """Wait for what an interrupted run has left to work on."""
        self._ends.wait()

    def close(self) -> None:
        """Wait for an interrupted run, and let the threads end. May be called again."""
        if self._process == os.getpid():
            self.wait()
        self.let_go()

    def let_go(self) -> None:
        """Have the threads end once they have done what they are at. May be called again."""
        for _ in range(self._num_threads):
            self._tasks.put(None)
        self._num_threads = 0


class _Ends:
    """How the threads of one run ended.

    Each run has its own, so that an interrupted one leaves nothing the next could take for its own.
    """

    def __init__(self) -> None:
        self.num_expected = 0
        self._errors: list[BaseException | None] = []
        self._marks: SimpleQueue[None] = SimpleQueue()

    def add(self, error: BaseException | None) -> None:
        self._errors.append(error)
        self._marks.put(None)  # afterwards: a mark an interrupt loses has been counted

    def wait(self) -> list[BaseException | None]:
        while len(self._errors) < self.num_expected:
            self._marks.get()
        errors, self._errors, self.num_expected = self._errors, [], 0
        return errors


def _serve(tasks: SimpleQueue[tuple[_Task, _Ends] | None]) -> None:
    while (given := tasks.get()) is not None:
        task, ends = given
        error = None
        try:
            task()
        except BaseException as raised:
            error = raised
        del task, given  # whose environments may be forgotten meanwhile
        ends.add(error)
        del error, ends
