"""Where a run's numbers go: one file a sink, all fed by a Logger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dreamer_agent.logging.record import Record, Sink

__all__ = ["Logger", "Record", "Sink"]


class Logger:
    """Hands each record to every sink."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = list(sinks)

    def write(
        self,
        env_steps: int,
        scalars: Mapping[str, float] | None = None,
        videos: Mapping[str, Path] | None = None,
    ) -> None:
        """Log numbers and files of one moment."""
        record = Record(env_steps, scalars or {}, videos or {})
        for sink in self._sinks:
            sink.write(record)

    def close(self) -> None:
        """Close every sink."""
        for sink in self._sinks:
            sink.close()
