"""Open the sinks a configuration asks for; each foreign library is imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamer_agent.logging.record import Sink
from dreamer_agent.run_dir.train_config import LogConfig

__all__ = ["open_sinks"]


def open_sinks(
    log: LogConfig, run_dir: Path, config: Mapping[str, Any], wandb_id: str | None
) -> tuple[list[Sink], str | None]:
    """Open TensorBoard and Weights & Biases as configured.

    Args:
        log: What is asked for.
        run_dir: Where they write.
        config: Shown beside the run on Weights & Biases.
        wandb_id: Run to continue there.

    Returns:
        The sinks, and the id to continue with.

    Raises:
        ConfigError: TensorBoard is asked for but not installed.
    """
    sinks: list[Sink] = []
    if log.tensorboard:
        from dreamer_agent.logging.tensorboard import TensorBoardSink

        sinks.append(TensorBoardSink(run_dir / "tensorboard"))
    if log.wandb != "off":
        from dreamer_agent.logging.wandb import WandbSink

        name = log.wandb_name or run_dir.name
        sink = WandbSink(log.wandb, run_dir, log.wandb_project, name, config, wandb_id)
        wandb_id = sink.run_id
        sinks.append(sink)
    return sinks, wandb_id
