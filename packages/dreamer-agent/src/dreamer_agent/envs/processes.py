"""Environments in processes of their own: a dead one is an error, and closing has a limit."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, util
from typing import Any

from gymnasium.vector import AsyncVectorEnv
from gymnasium.vector.async_vector_env import AsyncState

from dreamer_agent.errors import EnvError

__all__ = ["ProcessVectorEnv"]

_CLOSE_SECONDS = 5.0
_ERROR_SECONDS = 10.0


class ProcessVectorEnv(AsyncVectorEnv):
    """Gymnasium's AsyncVectorEnv, watched.

    Raises:
        EnvError: From every call, if an environment raised or its process died.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # workers ignore SIGTERM, by which multiprocessing would end them when Python ends
        util.Finalize(self, _kill, (self.processes,), exitpriority=10)

    def reset_async(self, *args: Any, **kwargs: Any) -> None:
        """Send the reset."""
        with self._naming_the_dead():
            super().reset_async(*args, **kwargs)

    def step_async(self, actions: Any) -> None:
        """Send the actions."""
        with self._naming_the_dead():
            super().step_async(actions)

    def call_async(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Send the call."""
        with self._naming_the_dead():
            super().call_async(name, *args, **kwargs)

    def reset_wait(self, timeout: float | None = None) -> Any:
        """Wait for the observations."""
        with self._naming_the_dead():
            self._await_answers()
            return super().reset_wait(timeout)

    def step_wait(self, timeout: float | None = None) -> Any:
        """Wait for the results."""
        with self._naming_the_dead():
            self._await_answers()
            return super().step_wait(timeout)

    def call_wait(self, timeout: float | None = None) -> Any:
        """Wait for the answers."""
        with self._naming_the_dead():
            self._await_answers()
            return super().call_wait(timeout)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of every environment."""
        with self._naming_the_dead():
            super().set_attr(name, values)

    def close_extras(self, timeout: float | None = None, terminate: bool = False) -> None:
        """End the processes: asked first, then made to."""
        seconds = 0.0 if terminate else _CLOSE_SECONDS if timeout is None else timeout
        for pipe in self.parent_pipes:
            with suppress(OSError, AttributeError):  # dead, or closed after an error
                pipe.send(("close", None))
        deadline = time.monotonic() + seconds
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        _kill(self.processes)
        for pipe in self.parent_pipes:
            if pipe is not None:
                pipe.close()

    @contextmanager
    def _naming_the_dead(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            raise self._death() from error

    def _await_answers(self) -> None:
        waiting = dict(zip(self.parent_pipes, self.processes, strict=True))
        while waiting:
            connection.wait([*waiting, *(process.sentinel for process in waiting.values())])
            for pipe, process in list(waiting.items()):
                is_dead = not process.is_alive()  # asked first: it may answer, then end
                if pipe.poll():
                    del waiting[pipe]
                elif is_dead:
                    raise self._death()

    def _death(self) -> EnvError:
        for index, process in enumerate(self.processes):
            process.join(0.1)
            if not process.is_alive():
                return EnvError(
                    f"The process of environment {index} died (exit code {process.exitcode}). "
                    "Too little memory, or a crash in the environment's own code?"
                )
        return EnvError("The connection to an environment's process broke.")

    def _raise_if_errors(self, successes: Iterable[bool]) -> None:
        """Raise the first error with its traceback as the cause, and print nothing."""
        if all(successes):
            return
        self._state = AsyncState.DEFAULT
        try:
            index, kind, value, trace = self.error_queue.get(timeout=_ERROR_SECONDS)
        except queue.Empty:
            raise EnvError("An environment raised an error that cannot be pickled.") from None
        is_ours = issubclass(kind, EnvError)
        message = value if is_ours else f"Environment {index} raised {kind.__name__}: {value}"
        raise EnvError(str(message)) from RuntimeError(trace)


def _kill(processes: Iterable[Any]) -> None:
    for process in processes:
        if process.is_alive():
            process.kill()
            process.join()
