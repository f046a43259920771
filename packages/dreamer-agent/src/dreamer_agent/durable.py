"""Files that are whole or absent, and what tells a whole one from a damaged one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["hash_file", "replace_text", "sync"]

_PIECE_BYTES = 2**20


def replace_text(path: Path, text: str) -> None:
    """Write a file beside the old one and put it in its place when it is on disk.

    Raises:
        OSError: It cannot be written; what was there is untouched and nothing is left behind.
    """
    temporary = path.with_name(f".tmp_{path.name}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Have the disk keep a file's bytes, or the names in a directory, before returning.

    Windows and some network disks cannot be asked about directories: there a new file may lose its
    name if the power fails within seconds. A killed process loses nothing on any system.

    Raises:
        OSError: A file's bytes could not be written.
    """
    is_directory = path.is_dir()
    try:
        handle = os.open(path, os.O_RDONLY if is_directory else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        if not is_directory:
            raise


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
