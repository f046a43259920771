"""Writing to the replay's files: whole or not at all, on every system."""

from __future__ import annotations

import os
from pathlib import Path

from dreamer_agent.errors import ReplayError

__all__ = ["open_to_write", "write_whole"]


def open_to_write(path: Path) -> int:
    """Open a new, empty file for bytes and return its descriptor."""
    binary = getattr(os, "O_BINARY", 0)  # without it Windows writes two bytes for every line feed
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | binary)


def write_whole(fd: int, data: bytes, path: Path, offset: int) -> None:
    """Write all of ``data`` at the end of a file of ``offset`` bytes, or leave it as it was.

    Raises:
        ReplayError: The disk is full, or will not take it.
    """
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        os.ftruncate(fd, offset)  # what was begun would be read back as damage
        os.lseek(fd, offset, os.SEEK_SET)
        raise ReplayError(
            f"Cannot write {path}: {error.strerror or error}. What was stored before is whole; "
            "make room and go on from the last checkpoint with --resume."
        ) from error
