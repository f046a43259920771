"""Weights & Biases; never the reason a run dies."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dreamer_agent.logging.record import Record

__all__ = ["WandbSink"]


class WandbSink:
    """Logs to wandb; without network or login it writes offline and says so once.

    Args:
        mode: ``online`` or ``offline``.
        directory: Where wandb keeps its files.
        project: Project name.
        name: Run name.
        config: Shown beside the run.
        resume_id: Continue this wandb run (online only; offline starts a new one in one group).
    """

    def __init__(
        self,
        mode: Literal["online", "offline"],
        directory: Path,
        project: str,
        name: str,
        config: Mapping[str, Any],
        resume_id: str | None = None,
    ) -> None:
        arguments = {
            "dir": str(directory),
            "project": project,
            "name": name,
            "group": name,
            "config": dict(config),
        }
        self._run = _start(mode, arguments, resume_id)
        # never pass step=: wandb drops what arrives out of order
        self._run.define_metric("*", step_metric="env_steps")

    @property
    def run_id(self) -> str:
        """Id to continue this run with."""
        return str(self._run.id)

    def write(self, record: Record) -> None:
        """Log one record."""
        import wandb

        values: dict[str, Any] = {"env_steps": record.env_steps, **record.scalars}
        for name, path in record.videos.items():
            values[name] = wandb.Image(str(path)) if path.suffix == ".png" else _video(path)
        self._run.log(values)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


def _video(path: Path) -> Any:
    import wandb

    return wandb.Video(str(path), format="gif") if path.suffix == ".gif" else wandb.Image(str(path))


def _start(mode: str, arguments: dict[str, Any], resume_id: str | None) -> Any:
    import wandb

    settings = wandb.Settings(silent=True, console="off")
    if mode == "online":
        try:
            return wandb.init(
                mode="online", id=resume_id, resume="allow", settings=settings, **arguments
            )
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            warnings.warn(
                f"Weights & Biases is not available ({reason}); logging offline instead. Later: "
                f"wandb login && wandb sync {arguments['dir']}/wandb/offline-run-*",
                stacklevel=2,
            )
    return wandb.init(mode="offline", settings=settings, **arguments)
