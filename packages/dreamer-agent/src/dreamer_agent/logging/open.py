"""Open the sinks a configuration asks for; each foreign library is imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamer_agent.logging import Logger
from dreamer_agent.logging.record import Sink
from dreamer_agent.run_dir.train_config import LogConfig

__all__ = ["open_sinks"]


def open_sinks(
    logger: Logger,
    log: LogConfig,
    run_dir: Path,
    config: Mapping[str, Any],
    wandb_id: str | None = None,
    resumed_at: int | None = None,
) -> str | None:
    """Open TensorBoard and Weights & Biases as configured.

    Args:
        logger: Takes them.
        log: What is asked for.
        run_dir: Where they write.
        config: Shown beside the run on Weights & Biases.
        wandb_id: Run to continue there.
        resumed_at: Environment step the run goes on from.

    Returns:
        The id to continue with; the old one if Weights & Biases cannot be opened now.

    Raises:
        ConfigError: What is asked for is not installed.
    """
    if log.tensorboard:
        logger.add("TensorBoard", lambda: _tensorboard(run_dir / "tensorboard", resumed_at))
    if log.wandb == "off":
        return wandb_id

    from dreamer_agent.logging.wandb import WandbSink

    mode, name = log.wandb, log.wandb_name or run_dir.name
    sink = logger.add(
        "Weights & Biases",
        lambda: WandbSink(mode, run_dir, log.wandb_project, name, config, wandb_id),
    )
    return sink.run_id if isinstance(sink, WandbSink) else wandb_id


def _tensorboard(directory: Path, resumed_at: int | None) -> Sink:
    from dreamer_agent.logging.tensorboard import TensorBoardSink

    return TensorBoardSink(directory, resumed_at)
