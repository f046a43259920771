"""Ctrl-C, SIGTERM and SIGHUP end a run after its present unit of work; a second one aborts."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from dreamer_agent.envs.vector import STOP_SIGNALS

__all__ = ["Interrupt"]

_ABORTING = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While entered, notes signals that ask to stop; a second SIGINT or SIGTERM raises.

    A terminal that closes may send SIGHUP more than once, so it never aborts; under ``nohup``,
    which ignores it, it stays ignored.

    Args:
        on_first: Called when the first one arrives.

    Attributes:
        requested: Whether one has arrived.
    """

    def __init__(self, on_first: Callable[[], None]) -> None:
        self.requested = False
        self._on_first = on_first
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                asked = number in _ABORTING or signal.getsignal(number) != signal.SIG_IGN
                if asked:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            if number in _ABORTING:
                raise KeyboardInterrupt
            return
        self.requested = True
        self._on_first()
