"""Checkpoints of a run: where it goes on from, what is kept, what the replay owes them."""

from __future__ import annotations

from typing import Any

from dreamer_agent.errors import CheckpointError, RunDirectoryError
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.checkpoint import Checkpoint
from dreamer_agent.run_dir.directory import RunDirectory
from dreamer_agent.training.interrupt import Interrupt

__all__ = ["Keeper"]


class Keeper:
    """Finds, writes and counts the checkpoints of a run.

    Only those that this process wrote or could read count towards ``keep``: a damaged one is
    passed over, whenever it turns up, and goes when its turn by age comes.

    Args:
        run: The run, locked.
        keep: How many checkpoints to keep.
    """

    def __init__(self, run: RunDirectory, keep: int) -> None:
        self._run, self._keep = run, keep
        self._marks: dict[str, Any] = {}  # replay positions by name of a whole checkpoint

    def resume(self) -> Checkpoint:
        """Read the newest checkpoint that is whole; Ctrl-C is answered when it has been read.

        Raises:
            RunDirectoryError: There is none, or the run was trained offline.
            CheckpointError: There are some, but none can be read.
        """
        with Interrupt(lambda: None) as interrupt:
            checkpoint.sweep(self._run.checkpoints)
            saved = checkpoint.load_newest(self._run.checkpoints)
        if interrupt.requested:
            raise KeyboardInterrupt
        if saved is None:
            raise RunDirectoryError(
                f"{self._run.path} has no checkpoint to resume from: it ended before the first one "
                "was written. Nothing in it was changed. Start anew with another --run-dir."
            )
        if saved.training is None:
            raise RunDirectoryError(
                f"{self._run.path} was trained offline and cannot be resumed; start a new run."
            )
        self._recall(saved)
        return saved

    def _recall(self, saved: Checkpoint) -> None:
        """Note what the kept checkpoints need; those newer than ``saved`` could not be read."""
        newest = checkpoint.name_of(saved.step)
        for path in checkpoint.list_checkpoints(self._run.checkpoints):
            if path.name < newest:
                try:
                    older = checkpoint.load(path, ("training",)).training
                except CheckpointError:
                    continue
                self._marks[path.name] = older.get("replay")
        self._marks[newest] = saved.training.get("replay")

    def save(self, whole: Checkpoint, replay: Replay | None) -> None:
        """Write a checkpoint; what only forgotten ones needed is freed in the replay, if any.

        Raises:
            CheckpointError: It could not be written; those before are untouched.
        """
        directory = self._run.checkpoints
        self._marks[checkpoint.name_of(whole.step)] = whole.training.get("replay")
        checkpoint.save(directory, whole, self._keep, self._marks)
        there = {path.name for path in checkpoint.list_checkpoints(directory)}
        self._marks = {name: mark for name, mark in self._marks.items() if name in there}
        if replay:
            replay.release(self._marks[min(self._marks)])
