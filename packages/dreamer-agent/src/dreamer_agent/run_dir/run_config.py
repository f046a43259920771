"""A run's own config.yaml: written as a whole, and refused if it is not what was written.

Its last line is ``# end SHA-256``, of all lines before it. Runs of earlier versions have no such
line: theirs must hold every field that was always written. So must one edited by hand, whose last
line is to be deleted.
"""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamer_agent.durable import replace_text
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.train_config import TrainConfig, dump_yaml, from_mapping
from dreamer_agent.run_dir.yaml_file import parse_yaml

__all__ = ["load_run_config", "read_sealed", "save_run_config", "save_sealed"]

_END = "# end "
_ALWAYS_WRITTEN = (
    "env", "env_kwargs", "num_envs", "vectorization", "run_dir", "seed", "env_steps",
    "stop_after_minutes", "batch_size", "sequence_length", "replay_ratio", "prefill_steps",
    "eval_every_steps", "eval_episodes", "eval_mode", "video_every_steps", "save_every_s",
    "keep_checkpoints", "device", "threads", "agent", "replay", "log",
)  # fmt: skip
"""Fields of the first version; ``log`` is written last, so a file that was cut lacks some of it."""


def save_run_config(config: TrainConfig, path: Path) -> None:
    """Write a run's settings, every one of them.

    Raises:
        RunDirectoryError: The file cannot be written; the one before is untouched.
    """
    save_sealed(dump_yaml(config), path)


def load_run_config(path: Path) -> TrainConfig:
    """Read a run's settings.

    Raises:
        RunDirectoryError: The file is missing or not what was written: what it lacks would
            silently become a default.
        ConfigError: It is not YAML, or has a bad field.
    """
    text, is_sealed = _read(path)
    if not is_sealed:
        return _load_unsealed(path, text)
    return from_mapping(parse_yaml(text, path), where=str(path))


def save_sealed(text: str, path: Path) -> None:
    """Write settings with a last line that tells whether they are whole.

    Raises:
        RunDirectoryError: The file cannot be written; the one before is untouched.
    """
    try:
        replace_text(path, f"{text}{_END}{_hash(text)}\n")
    except OSError as error:
        raise RunDirectoryError(
            f"Cannot write {path}: {error.strerror or error}. Make room or fix the permissions."
        ) from error


def read_sealed(path: Path) -> Mapping[str, Any]:
    """Read the fields and values that ``save_sealed`` wrote as YAML.

    Raises:
        RunDirectoryError: The file is missing, or not what was written.
        ConfigError: It is not YAML.
    """
    text, is_sealed = _read(path)
    if not is_sealed:
        raise _broken(path, f"is cut off: its last line ({_END.strip()} ...) is missing")
    return parse_yaml(text, path)


def _read(path: Path) -> tuple[str, bool]:
    """Text of a file without its seal, and whether it had one."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise _broken(path, f"cannot be read ({error.strerror})") from error
    body, marker, digest = text.rpartition(_END)
    if not marker:
        return text, False
    if digest.strip() != _hash(body):
        hint = f"; if it was edited on purpose, delete its last line ({_END.strip()} ...)"
        raise _broken(path, f"is cut off, damaged, or not what was written{hint}")
    return body, True


def _load_unsealed(path: Path, text: str) -> TrainConfig:
    values = parse_yaml(text, path)
    missing = _missing(values, dataclasses.asdict(TrainConfig()))
    refused = [name for name in missing if name in _ALWAYS_WRITTEN or name.startswith("log.")]
    if refused or not text.endswith("\n"):
        raise _broken(path, f"is not whole (missing: {', '.join(refused) or 'its last line end'})")
    if missing:
        warnings.warn(
            f"{path} does not hold {', '.join(missing)}: the defaults are taken, as for a run of "
            "an earlier version.",
            stacklevel=3,
        )
    return from_mapping(values, where=str(path))


def _missing(values: Mapping[str, Any], wanted: Mapping[str, Any], place: str = "") -> list[str]:
    missing: list[str] = []
    for name, default in wanted.items():
        if name not in values:
            missing.append(place + name)
        elif isinstance(default, Mapping) and default:
            inner = values[name] if isinstance(values[name], Mapping) else {}
            missing += _missing(inner, default, f"{place}{name}.")
    return missing


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _broken(path: Path, what: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"{path} {what}. Settings that are missing would become defaults, and the run another one. "
        "Put the file back (a copy, or the settings it was started with), or start a new run."
    )
