"""Where this package keeps files of its own, and whether a file can be written where users ask."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from pokered_env.errors import PokeRedError

_NAME = "pokered-env"


def cache_folder() -> Path:
    """Return the folder for files that can be made again: ``$POKERED_CACHE`` or the system's."""
    if chosen := os.environ.get("POKERED_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return _local_app_data() / _NAME / "Cache"
    if sys.platform == "darwin":
        return _home() / "Library/Caches" / _NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / _NAME


def data_folder() -> Path:
    """Return the folder for what the user has made: ``$POKERED_DATA`` or the system's."""
    if chosen := os.environ.get("POKERED_DATA"):
        return Path(chosen)
    if sys.platform == "win32":
        return _local_app_data() / _NAME
    if sys.platform == "darwin":
        return _home() / "Library/Application Support" / _NAME
    return Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local/share") / _NAME


class FileKindError(PokeRedError):
    """What lies there is no ordinary file, or too large to be what is looked for."""


def read_file(path: Path, max_size: int) -> bytes:
    """Read a whole file, if it is one: no pipe, device or folder, and not larger than it may be.

    Args:
        path: The file.
        max_size: Most bytes it may have.

    Raises:
        FileKindError: Says what it is instead, as the end of a sentence that begins with its name.
        OSError: It cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not path.is_dir():  # opening a folder says so itself
        raise FileKindError("is no ordinary file")
    if status.st_size > max_size:
        raise FileKindError(f"has {status.st_size:,} bytes, at most {max_size:,} are possible")
    with path.open("rb") as file:
        return file.read(status.st_size)  # no more, should it be growing


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that nobody ever sees half written; make its folder.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid4().hex}")
    temporary.write_bytes(data)
    temporary.replace(path)


def _home() -> Path:
    """Return the home folder; where there is none, as in a container, one that will do."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"home-{os.getuid() if hasattr(os, 'getuid') else 0}"


def check_folder(path: Path) -> None:
    """Find out what keeps a file from being written there, before there is anything to write.

    Raises:
        PokeRedError: There is no folder that could be written to.
    """
    if not path.parent.is_dir() or path.is_dir():
        raise PokeRedError(f"Cannot write {path}: it needs a file's name in a folder that exists.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PokeRedError(f"Cannot write {path}: it is not allowed.")


def _local_app_data() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData/Local")
