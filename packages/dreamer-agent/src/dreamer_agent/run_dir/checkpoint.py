"""Checkpoints: one directory each, written whole or not at all, loaded without running code.

```
checkpoints/step_000000012000/
    state.json               counters, spaces, versions; refers into the tensor files
    model.safetensors        the agent's parameters
    optimizer.safetensors    moments and step counts
    training.safetensors     generators, environments, running episodes
```
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dreamer_agent.durable import sync
from dreamer_agent.errors import CheckpointError
from dreamer_agent.run_dir.specs import spec_hash
from dreamer_agent.run_dir.tree import join, split

__all__ = [
    "Checkpoint",
    "latest",
    "list_checkpoints",
    "load",
    "load_newest",
    "name_of",
    "save",
    "sweep",
]

_VERSION = 1
_PARTS = ("model", "optimizer", "training")
_NAME = re.compile(r"step_\d{12}")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        step: Environment steps done.
        spec: The agent's spaces and modalities (``Agent.spec``).
        model: The agent's parameters by name.
        optimizer: State of the optimiser.
        training: Everything else that makes a resume exact.
    """

    step: int
    spec: Mapping[str, Any]
    model: Mapping[str, torch.Tensor]
    optimizer: Any
    training: Any


def save(
    directory: Path,
    checkpoint: Checkpoint,
    keep: int = 3,
    counted: Collection[str] | None = None,
) -> Path:
    """Write ``step_N`` under ``directory`` and delete what is older than the newest ``keep``.

    The directory appears under its name only when every file in it is on disk. An old one that
    cannot be deleted is named in a warning.

    Args:
        directory: Of the run's checkpoints.
        checkpoint: What to write.
        keep: How many to keep.
        counted: Names that count towards ``keep`` (those known to be whole); None counts all.

    Raises:
        CheckpointError: The disk is full or unwritable; the previous checkpoints are untouched.
    """
    final = directory / name_of(checkpoint.step)
    temporary = directory / f".tmp_{final.name}_{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        sweep(directory)
        temporary.mkdir()
        _write(temporary, checkpoint)
        if final.exists():
            _replace(temporary, final)
        else:
            temporary.rename(final)
        sync(directory)
    except (OSError, SafetensorError) as error:  # safetensors reports a full disk in its own way
        shutil.rmtree(temporary, ignore_errors=True)  # it takes the room that is missing
        raise CheckpointError(
            f"Could not write the checkpoint {final}: {error}. Free some space or fix the "
            "permissions; the checkpoints written before are untouched."
        ) from error
    _forget(directory, keep, counted)
    return final


def load(path: Path, parts: tuple[str, ...] = _PARTS) -> Checkpoint:
    """Read a checkpoint directory.

    Args:
        path: A ``step_N`` directory.
        parts: Which of model, optimizer and training to read; the others are None.

    Raises:
        CheckpointError: It is missing, incomplete, damaged, or of a newer version.
    """
    files = ["state.json", *(f"{part}.safetensors" for part in parts)]
    missing = [name for name in files if not (path / name).exists()]
    if missing:
        raise CheckpointError(
            f"{path} is not a whole checkpoint: {', '.join(missing)} is missing. "
            "Give a directory like RUN/checkpoints/step_000000012000."
        )
    try:
        state = json.loads((path / "state.json").read_text())
        if not isinstance(state, dict):
            raise ValueError("state.json holds no fields")
        if state["version"] != _VERSION:
            raise CheckpointError(
                f"{path} has format version {state['version']}, this program reads {_VERSION}. "
                "Load it with the version of dreamer-agent that wrote it."
            )
        _check_digests(path, state, parts)
        read = {
            part: join(state[part], load_file(path / f"{part}.safetensors"))
            for part in _PARTS
            if part in parts
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} is damaged ({type(error).__name__}: {error}). "
            "Another checkpoint of the run may be whole: give it by its directory."
        ) from error
    return Checkpoint(
        state["step"],
        state["spec"],
        read.get("model", {}),
        read.get("optimizer"),
        read.get("training"),
    )


def load_newest(directory: Path) -> Checkpoint | None:
    """Read the newest checkpoint; a damaged one is named in a warning and passed over.

    Raises:
        CheckpointError: There are checkpoints, but none can be read.
    """
    problems = []
    for path in reversed(list_checkpoints(directory)):
        try:
            return load(path)
        except CheckpointError as error:
            problems.append(str(error))
            warnings.warn(f"{error} Trying the checkpoint before it.", stacklevel=2)
    if problems:
        raise CheckpointError("No checkpoint of this run can be read:\n" + "\n".join(problems))
    return None


def list_checkpoints(directory: Path) -> list[Path]:
    """Directories named like checkpoints under ``directory``, oldest first; no backups or files."""
    found = directory.glob("step_*")
    return sorted(path for path in found if _NAME.fullmatch(path.name) and path.is_dir())


def latest(directory: Path) -> Path | None:
    """The newest checkpoint under ``directory``, if any."""
    found = list_checkpoints(directory)
    return found[-1] if found else None


def name_of(step: int) -> str:
    """Name of the checkpoint of a step."""
    return f"step_{step:012d}"


def sweep(directory: Path) -> None:
    """Remove what a killed writer left behind; call it only while holding the run's lock."""
    for path in directory.glob(".old_step_*"):
        final = path.with_name(path.name.removeprefix(".old_"))
        if final.exists():
            shutil.rmtree(path)
        else:
            path.rename(final)
    for path in directory.glob(".tmp_step_*"):
        shutil.rmtree(path)


def _forget(directory: Path, keep: int, counted: Collection[str] | None) -> None:
    found = list_checkpoints(directory)
    whole = [path for path in found if counted is None or path.name in counted]
    for path in found[: found.index(whole[-keep])] if len(whole) > keep else ():
        try:
            _delete(path)
        except OSError as error:
            warnings.warn(f"Could not delete the old checkpoint {path}: {error}.", stacklevel=3)


def _delete(path: Path) -> None:
    """Take a checkpoint's name away first: a kill half way must not leave half a checkpoint."""
    nameless = path.with_name(f".tmp_{path.name}_old")
    path.rename(nameless)
    shutil.rmtree(nameless)


def _write(directory: Path, checkpoint: Checkpoint) -> None:
    state: dict[str, Any] = {
        "version": _VERSION,
        "step": checkpoint.step,
        "spec": checkpoint.spec,
        "spec_hash": spec_hash(checkpoint.spec),
        "torch": torch.__version__,
    }
    digests = {}
    for part in _PARTS:
        state[part], table = split(getattr(checkpoint, part))
        file = directory / f"{part}.safetensors"
        save_file(table, file)
        sync(file)
        digests[file.name] = _digest(file)
    state["sha256"] = digests
    state["state_sha256"] = _state_digest(state)
    (directory / "state.json").write_text(json.dumps(state))
    sync(directory / "state.json")
    sync(directory)


def _replace(temporary: Path, final: Path) -> None:
    """Swap in a checkpoint of the same step; a kill between the renames is repaired by sweep."""
    aside = final.with_name(f".old_{final.name}")
    final.rename(aside)
    temporary.rename(final)
    shutil.rmtree(aside)


def _check_digests(path: Path, state: dict[str, Any], parts: tuple[str, ...]) -> None:
    """Compare what is read with what was written; checkpoints from before digests have none.

    Raises:
        ValueError: A file, or state.json itself, has changed since.
    """
    if "sha256" not in state and "state_sha256" not in state:
        warnings.warn(
            f"The checkpoints in {path.parent} were written without checksums, by an earlier "
            "version: damage in them cannot be told. Those written from now on have them.",
            stacklevel=4,
        )
        return
    if state.get("state_sha256") != _state_digest(state):
        raise ValueError("state.json has changed since it was written")
    for name in (f"{part}.safetensors" for part in parts):
        if _digest(path / name) != state["sha256"].get(name):
            raise ValueError(f"{name} has changed since it was written")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _state_digest(state: Mapping[str, Any]) -> str:
    fields = {name: value for name, value in state.items() if name != "state_sha256"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
