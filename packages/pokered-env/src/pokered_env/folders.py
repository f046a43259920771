"""Where this package keeps files of its own, and whether a file can be written where users ask."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pokered_env.errors import PokeRedError

_NAME = "pokered-env"


def cache_folder() -> Path:
    """Return the folder for files that can be made again: ``$POKERED_CACHE`` or the system's."""
    if chosen := os.environ.get("POKERED_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return _local_app_data() / _NAME / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches" / _NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _NAME


def data_folder() -> Path:
    """Return the folder for what the user has made: ``$POKERED_DATA`` or the system's."""
    if chosen := os.environ.get("POKERED_DATA"):
        return Path(chosen)
    if sys.platform == "win32":
        return _local_app_data() / _NAME
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support" / _NAME
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / _NAME


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
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
