"""Open-loop videos: what the world model predicts from actions alone, beside what happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dreamer_agent.agent import Agent
from dreamer_agent.dream_frames import save_dream_file
from dreamer_agent.replay import Batch, Replay
from dreamer_agent.world_metrics import open_loop_errors, select_horizons
from dreamer_agent.world_model import OpenLoop

__all__ = [
    "dream",
    "first_rows",
    "longest_episode",
    "modality_names",
    "newest_sequences",
    "save_dream",
]

_HORIZONS = (1, 5, 15)


def dream(agent: Agent, batch: Batch, context_steps: int = 5, seed: int = 0) -> OpenLoop:
    """Filter the first rows of sequences, then imagine the rest from their actions.

    Args:
        agent: Whose world model dreams.
        batch: Sequences ``(B, T)``.
        context_steps: Rows the model sees.
        seed: Of the latents that are sampled.
    """
    generator = torch.Generator(agent.device).manual_seed(seed)
    agent.world_model.eval()
    return agent.world_model.open_loop(batch, context_steps, generator)


def newest_sequences(replay: Replay, num: int, context_steps: int, horizon: int) -> Batch:
    """Newest sequences of the replay, as long as asked for or as it has.

    Raises:
        ReplayError: It holds no two rows in a row.
    """
    longest = max((stop - start for spans in replay.spans() for start, stop in spans), default=0)
    length = min(context_steps + horizon, max(2, longest - replay.config.context_every))
    return replay.recent(num, length)


def longest_episode(is_first: NDArray[np.bool_], context_steps: int) -> tuple[int, int]:
    """Find the sequence whose imagined part runs longest before a reset.

    Returns:
        Its index, and the number of rows (seen and imagined) up to that reset.
    """
    length = is_first.shape[1]
    resets = is_first[:, context_steps:]
    rows = np.where(resets.any(1), context_steps + resets.argmax(1), length)
    index = int(rows.argmax())
    return index, int(rows[index])


def first_rows(result: OpenLoop, length: int) -> OpenLoop:
    """Keep the first rows of every sequence."""
    return OpenLoop(
        {k: (a[:, :length], b[:, :length]) for k, (a, b) in result.observations.items()},
        (result.reward[0][:, :length], result.reward[1][:, :length]),
        (result.continues[0][:, :length], result.continues[1][:, :length]),
        result.context_steps,
    )


def modality_names(agent: Agent) -> dict[str, str]:
    """Modality of each observation key."""
    return {key: spec.modality for key, spec in agent.observations.items()}


def save_dream(
    agent: Agent, batch: Batch, path: Path, metadata: Mapping[str, Any], context_steps: int = 5
) -> dict[str, float]:
    """Dream sequences, write a video of the one that runs longest, and measure all.

    Args:
        agent: Whose world model dreams.
        batch: Sequences ``(B, T)``.
        path: ``.webp``, ``.gif``, or ``.png`` (some steps side by side).
        metadata: The environment's; ``alphabets`` turns token ids into characters.
        context_steps: Rows the model sees.

    Returns:
        Open-loop errors 1, 5 and 15 steps ahead.
    """
    result = dream(agent, batch, min(context_steps, batch.shape[1] - 1))
    names = modality_names(agent)
    index, length = longest_episode(batch.is_first, result.context_steps)
    shown = first_rows(result, max(length, result.context_steps + 1))
    save_dream_file(shown, path, names, metadata.get("alphabets"), index)
    return select_horizons(open_loop_errors(result, names, batch.is_first), _HORIZONS)
