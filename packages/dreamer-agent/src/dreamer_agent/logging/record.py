"""What is logged, and what a sink is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

__all__ = ["CallbackSink", "OnRecord", "Record", "Sink"]

OnRecord = Callable[[int, dict[str, float]], None]
"""Takes environment steps and scalars."""


@dataclass(frozen=True)
class Record:
    """Numbers and files of one moment.

    Attributes:
        env_steps: Environment steps done.
        scalars: Numbers by name, e.g. ``loss/reward``.
        videos: Video or picture files by name.
    """

    env_steps: int
    scalars: Mapping[str, float] = field(default_factory=dict)
    videos: Mapping[str, Path] = field(default_factory=dict)


class Sink(Protocol):
    """Somewhere records go."""

    def write(self, record: Record) -> None:
        """Take one record."""

    def close(self) -> None:
        """Flush and let go of files."""


class CallbackSink:
    """Hands each record's step and numbers to a function."""

    def __init__(self, on_record: OnRecord) -> None:
        self._on_record = on_record

    def write(self, record: Record) -> None:
        """Call the function."""
        self._on_record(record.env_steps, dict(record.scalars))

    def close(self) -> None:
        """Nothing is held."""
