"""Where a run's numbers go: one file a sink, all fed by a Logger."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from dreamer_agent.errors import ConfigError
from dreamer_agent.logging.record import Record, Sink

__all__ = ["Logger", "Record", "Sink"]

_T = TypeVar("_T")


class Logger:
    """Hands each record to the file of record, and to sinks that may fail.

    Args:
        record: Always written; its errors are the run's.
    """

    def __init__(self, record: Sink) -> None:
        self._record = record
        self._optional: dict[str, Sink] = {}
        self._off: set[str] = set()

    def add(self, name: str, open_sink: Callable[[], Sink]) -> Sink | None:
        """Open a sink the run can do without; None if it cannot be opened.

        Args:
            name: What the user knows it by.
            open_sink: Makes it.

        Raises:
            ConfigError: What it needs is not installed.
        """
        sink = self.attempt(name, open_sink)
        if sink is not None:
            self._optional[name] = sink
        return sink

    def attempt(self, name: str, action: Callable[[], _T]) -> _T | None:
        """Do what a run can do without: what fails is named once, and not tried again."""
        if name in self._off:
            return None
        try:
            return action()
        except ConfigError:
            raise
        except Exception as error:
            self._off.add(name)
            self._optional.pop(name, None)
            reason = " ".join(str(error).split())[:200]
            warnings.warn(
                f"{name} failed ({type(error).__name__}: {reason}) and is off from here on; "
                "the run goes on without.",
                stacklevel=3,
            )
            return None

    def write(
        self,
        env_steps: int,
        scalars: Mapping[str, float] | None = None,
        videos: Mapping[str, Path] | None = None,
    ) -> None:
        """Log numbers and files of one moment."""
        record = Record(env_steps, scalars or {}, videos or {})
        self._record.write(record)
        for name, sink in list(self._optional.items()):
            self.attempt(name, lambda sink=sink: sink.write(record))  # type: ignore[misc]

    def close(self) -> None:
        """Close every sink."""
        for name, sink in list(self._optional.items()):
            self.attempt(name, sink.close)
        self._record.close()
