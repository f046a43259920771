"""Files that are whole or absent, and what tells a whole one from a damaged one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["hash_file", "replace_text"]

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
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
