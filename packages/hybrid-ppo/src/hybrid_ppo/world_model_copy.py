"""The world model a run began with, kept in the run: whatever its source does, this one stays.

```
RUN/world_model/config.yaml                the settings it was trained with, its environment too
RUN/world_model/checkpoints/step_N/        its weights and its optimiser
```
It is a run directory of dreamer-agent's, so that `dreamer_agent.load` and `dreamer dream` take it.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from dreamer_agent import RunDirectory, RunDirectoryError, split_run_path

from hybrid_ppo.errors import ConfigError

_PARTS = ("state.json", "model.safetensors", "optimizer.safetensors")


def place_of(run: RunDirectory) -> Path:
    """Where a run keeps its copy."""
    return run.path / "world_model"


def keep_world_model(checkpoint: Path, run: RunDirectory) -> str:
    """Copy a checkpoint and its run's settings into another run.

    Args:
        checkpoint: ``checkpoints/step_N`` of a run.
        run: Gets the copy, whole or not at all; one that is there already is replaced.

    Returns:
        Its hash, as :func:`world_model_hash` gives it.

    Raises:
        RunDirectoryError: The copy cannot be written.
    """
    source, _ = split_run_path(checkpoint)
    target, temporary = place_of(run), run.path / ".tmp_world_model"
    try:
        for old in (temporary, target):
            shutil.rmtree(old, ignore_errors=True)
        copy = temporary / "checkpoints" / checkpoint.name
        copy.mkdir(parents=True)
        shutil.copyfile(source.config, temporary / "config.yaml")
        for name in _PARTS:
            shutil.copyfile(checkpoint / name, copy / name)
        temporary.rename(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise RunDirectoryError(
            f"Cannot copy the world model {checkpoint} to {target}: {error.strerror or error}. "
            "Make room or fix the permissions."
        ) from error
    return world_model_hash(run)


def world_model_hash(run: RunDirectory) -> str:
    """SHA-256 of the copy's state.json, which holds those of its weights and its optimiser.

    Raises:
        RunDirectoryError: The run has no copy.
        CheckpointError: It has no checkpoint.
    """
    _, checkpoint = split_run_path(place_of(run))
    try:
        return hashlib.sha256((checkpoint / "state.json").read_bytes()).hexdigest()
    except OSError as error:
        raise RunDirectoryError(f"Cannot read {checkpoint}: {error.strerror}.") from error


def check_world_model(run: RunDirectory, expected: str) -> None:
    """Check that a run's copy is the one that it was trained on.

    Raises:
        ConfigError: It is another.
    """
    if world_model_hash(run) != expected:
        raise ConfigError(
            f"{place_of(run)} is not the world model that this run was trained on, whose features "
            "its policy knows. Put the copy back that was made when the run began."
        )
