"""metrics.jsonl: one line of JSON per record; the file of record, always written."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from pathlib import Path

from dreamer_agent.durable import sync
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.logging.record import Record

__all__ = ["JsonlSink"]


class JsonlSink:
    """Appends records to a file.

    Args:
        path: The file.
        position: Cut the file to this many bytes first (when resuming, what is newer than the
            checkpoint goes); None keeps it whole.
        sha256: Of those bytes, as noted by the checkpoint; a file that holds others is named in a
            warning and appended to. None (earlier versions noted none) compares only the length.
    """

    def __init__(self, path: Path, position: int | None = None, sha256: str | None = None) -> None:
        self._path, self._has_name = path, False
        try:
            self._file = path.open("ab+", buffering=0)
            if position is not None:
                self._file.truncate(min(position, path.stat().st_size))
            self._file.seek(0)
            self._hash = hashlib.sha256(self._file.read())
            self._bytes = self._file.tell()
        except OSError as error:
            raise self._unwritable(error) from None
        changed = sha256 is not None and sha256 != self.sha256
        if position is not None and (changed or self._bytes < position):
            warnings.warn(
                f"{path} is not what it was when the checkpoint was written: lines of it are lost "
                "or damaged. The run goes on; its curves up to here are not to be trusted.",
                stacklevel=2,
            )

    @property
    def position(self) -> int:
        """Bytes written so far, all on disk."""
        os.fsync(self._file.fileno())
        if not self._has_name:
            sync(self._path.parent)
            self._has_name = True
        return self._bytes

    @property
    def sha256(self) -> str:
        """Of these bytes."""
        return self._hash.hexdigest()

    def write(self, record: Record) -> None:
        """Write one line: env_steps, the scalars, and the names of files.

        Raises:
            RunDirectoryError: The disk will not take it; the lines before are whole.
        """
        line: dict[str, float | str] = {"env_steps": record.env_steps, **record.scalars}
        line |= {name: str(path) for name, path in record.videos.items()}
        data = (json.dumps(line) + "\n").encode()
        rest = memoryview(data)
        try:
            while rest:  # a write may take only part of it
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.truncate(self._bytes)
            raise self._unwritable(error) from None
        self._bytes += len(data)
        self._hash.update(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _unwritable(self, error: OSError) -> RunDirectoryError:
        return RunDirectoryError(
            f"Cannot write {self._path}: {error.strerror or error}. Free some space or fix the "
            "permissions, then go on from the last checkpoint with --resume."
        )
