"""The directory of a run: its layout, its lock, and errors a person can act on.

```
RUN/config.yaml  metrics.jsonl  checkpoints/  replay/  videos/  tensorboard/  wandb/  .lock
```
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from filelock import FileLock, Timeout

from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.checkpoint import Checkpoint, list_checkpoints, load_newest

__all__ = ["RunDirectory", "default_run_dir"]


def default_run_dir(env_id: str) -> Path:
    """Name a new run after its environment and the time."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", env_id.split(":")[-1]).strip("-").lower()
    return Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"


class RunDirectory:
    """Paths of a run. Use ``lock()`` before writing.

    Args:
        path: The run's directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.metrics = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoints"
        self.replay = path / "replay"
        self.videos = path / "videos"
        self.tensorboard = path / "tensorboard"
        self._lock = FileLock(path / ".lock", timeout=0)

    def create(self) -> None:
        """Make the directory.

        Raises:
            RunDirectoryError: It cannot be written, or holds a run already.
        """
        if self._has_work():
            can_resume = self.config.exists() and list_checkpoints(self.checkpoints)
            advice = f"Continue it with --resume {self.path}, or choose" if can_resume else "Choose"
            raise RunDirectoryError(f"{self.path} already holds a run. {advice} another --run-dir.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".writable"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise RunDirectoryError(
                f"Cannot write to the run directory {self.path}: {error.strerror}. "
                "Choose another one with --run-dir."
            ) from None

    def _has_work(self) -> bool:
        """Whether something would be lost; a start that failed at once leaves only a config."""
        logged = self.metrics.exists() and self.metrics.stat().st_size > 0
        has_rows = any(self.replay.glob("stream_*/rows_*.chunks"))
        return logged or has_rows or bool(list_checkpoints(self.checkpoints))

    def require(self) -> None:
        """Check that there is a run here.

        Raises:
            RunDirectoryError: There is none.
        """
        if not self.config.exists():
            raise RunDirectoryError(
                f"{self.path} is not a run (it has no config.yaml). "
                "Give the directory that `dreamer train` printed when it started."
            )

    def load_newest(self) -> Checkpoint:
        """Read the newest checkpoint that is whole.

        Raises:
            RunDirectoryError: There is no run here, or it has no checkpoint yet.
            CheckpointError: There are some, but none can be read.
        """
        self.require()
        newest = load_newest(self.checkpoints)
        if newest is None:
            raise RunDirectoryError(f"{self.path} has no checkpoint yet.")
        return newest

    def lock(self) -> None:
        """Claim the run for this process; the operating system frees it when the process ends.

        Raises:
            RunDirectoryError: Another process is training here, or the directory is read-only.
        """
        try:
            self._lock.acquire()
            (self.path / ".lock_owner").write_text(str(os.getpid()))
        except Timeout:
            raise RunDirectoryError(
                f"Another process (pid {self._owner()}) is training in {self.path}. "
                "Wait for it, stop it, or choose another --run-dir."
            ) from None
        except OSError as error:
            raise RunDirectoryError(
                f"Cannot write to the run directory {self.path}: {error.strerror}."
            ) from None

    def unlock(self) -> None:
        """Give the run up."""
        if self._lock.is_locked:
            (self.path / ".lock_owner").unlink(missing_ok=True)
            self._lock.release()

    def _owner(self) -> str:
        owner = self.path / ".lock_owner"
        return owner.read_text().strip() if owner.exists() else "unknown"
