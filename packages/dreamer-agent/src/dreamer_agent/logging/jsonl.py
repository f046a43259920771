"""metrics.jsonl: one line of JSON per record; the file of record, always written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dreamer_agent.logging.record import Record

__all__ = ["JsonlSink"]


class JsonlSink:
    """Appends records to a file.

    Args:
        path: The file.
        position: Cut the file to this many bytes first (when resuming, what is newer than the
            checkpoint goes); None keeps it whole.
    """

    def __init__(self, path: Path, position: int | None = None) -> None:
        if position is not None and path.exists() and path.stat().st_size > position:
            os.truncate(path, position)
        self._file = path.open("a", encoding="utf-8")

    @property
    def position(self) -> int:
        """Bytes written so far."""
        self._file.flush()
        return self._file.tell()

    def write(self, record: Record) -> None:
        """Write one line: env_steps, the scalars, and the names of files."""
        line: dict[str, float | str] = {"env_steps": record.env_steps, **record.scalars}
        line |= {name: str(path) for name, path in record.videos.items()}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
