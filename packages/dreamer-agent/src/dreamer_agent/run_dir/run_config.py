"""A run's own config.yaml: written whole or not at all, and known to be whole when it is read."""

from __future__ import annotations

import os
from pathlib import Path

from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.train_config import TrainConfig, dump_yaml, load_yaml

__all__ = ["load_run_config", "save_run_config"]

_BEGIN = "# Every setting of this run; its last line says that the file is whole."
_END = "# end of the settings"


def save_run_config(config: TrainConfig, path: Path) -> None:
    """Write a run's settings, every one of them.

    Raises:
        RunDirectoryError: The file cannot be written; the one before is untouched.
    """
    temporary = path.with_name(f".tmp_{path.name}_{os.getpid()}")
    try:
        temporary.write_text(f"{_BEGIN}\n{dump_yaml(config)}{_END}\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunDirectoryError(
            f"Cannot write {path}: {error.strerror or error}. Make room or fix the permissions."
        ) from error


def load_run_config(path: Path) -> TrainConfig:
    """Read a run's settings.

    Raises:
        RunDirectoryError: The file is missing or not whole: what it lacks would silently become
            a default.
        ConfigError: It is not YAML, or has a bad field.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _broken(path, f"cannot be read ({error.strerror})") from error
    # runs from before these lines were written end with the settings of their logs
    is_whole = text.endswith(f"{_END}\n") if text.startswith(_BEGIN) else "\nlog:\n" in text
    if not is_whole:
        raise _broken(path, "is cut off or was written over: it does not end as a run's does")
    return load_yaml(path)


def _broken(path: Path, what: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"{path} {what}. Settings that are missing would become defaults, and the run another one. "
        "Put the file back (a copy, or the settings it was started with), or start a new run."
    )
