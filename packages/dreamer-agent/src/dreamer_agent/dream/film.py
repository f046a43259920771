"""The dream video that a run makes now and then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamer_agent.agent import Agent
from dreamer_agent.dream.sequences import pick_sequences, save_dream
from dreamer_agent.errors import ReplayError
from dreamer_agent.logging import Logger
from dreamer_agent.replay import Replay

__all__ = ["film"]

_SEQUENCES, _CONTEXT, _HORIZON = 8, 5, 45


def film(
    agent: Agent,
    replay: Replay,
    metadata: Mapping[str, Any],
    directory: Path,
    logger: Logger,
    step: int,
) -> None:
    """Write a dream video and log it with its errors; nothing if the replay holds too little.

    A run can do without: what goes wrong is named once, and no more videos are made.

    Args:
        agent: Whose world model dreams.
        replay: What it dreams of.
        metadata: Of the environment: ``alphabets``.
        directory: Where the video goes.
        logger: What is told of it.
        step: Environment steps done.
    """
    path = directory / f"dream_{step:09d}.webp"
    errors = logger.attempt("The dream video", lambda: _film(agent, replay, metadata, path))
    if errors is not None:
        logger.write(step, errors, {"dream": path})


def _film(
    agent: Agent, replay: Replay, metadata: Mapping[str, Any], path: Path
) -> dict[str, float] | None:
    try:
        batch = pick_sequences(replay, _SEQUENCES, _CONTEXT, _HORIZON)
    except ReplayError:
        return None
    errors = save_dream(agent, batch, path, metadata, _CONTEXT)
    return {f"open_loop/{name}": value for name, value in errors.items()}
