"""Open-loop videos: what the world model predicts from actions alone, beside what happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dreamer_agent.agent import Agent
from dreamer_agent.dream.frames import save_dream_file
from dreamer_agent.dream.world_metrics import open_loop_errors, select_horizons
from dreamer_agent.model.open_loop import OpenLoop
from dreamer_agent.replay import Batch, Replay
from dreamer_agent.spaces.observation import WHITE

__all__ = [
    "dream",
    "first_rows",
    "modality_names",
    "most_to_see",
    "pick_sequences",
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
    result = agent.world_model.open_loop(batch, context_steps, generator)
    highs = {key: spec.high for key, spec in agent.observations.items() if spec.high != WHITE}
    return dataclasses.replace(result, highs=highs)


def pick_sequences(replay: Replay, num: int, context_steps: int, horizon: int) -> Batch:
    """Sequences from all over the replay, as long as asked for or as it has.

    Raises:
        ReplayError: It holds no two rows in a row.
    """
    longest = max((stop - start for spans in replay.spans() for start, stop in spans), default=0)
    length = min(context_steps + horizon, max(2, longest - replay.config.context_every))
    return replay.spread(num, length)


def most_to_see(batch: Batch, context_steps: int) -> tuple[int, int]:
    """Find the sequence in which most happens before a reset that the model cannot see.

    Returns:
        Its index, and its number of rows (seen and imagined) up to that reset.
    """
    num, length = batch.shape
    resets = batch.is_first[:, context_steps:]
    rows = np.where(resets.any(1), context_steps + resets.argmax(1), length)
    changes = np.zeros((num, length - 1))  # share of every key's elements that change
    for values in batch.obs.values():
        flat = values.reshape(num, length, -1)
        changes += (flat[:, 1:] != flat[:, :-1]).mean(-1)
    happenings = [changes[i, context_steps - 1 : rows[i] - 1].sum() for i in range(num)]
    index = int(np.argmax(happenings))
    return index, max(int(rows[index]), context_steps + 1)


def first_rows(result: OpenLoop, length: int) -> OpenLoop:
    """Keep the first rows of every sequence."""
    return OpenLoop(
        {k: (a[:, :length], b[:, :length]) for k, (a, b) in result.observations.items()},
        (result.reward[0][:, :length], result.reward[1][:, :length]),
        (result.continues[0][:, :length], result.continues[1][:, :length]),
        result.context_steps,
        result.highs,
    )


def modality_names(agent: Agent) -> dict[str, str]:
    """Modality of each observation key."""
    return {key: spec.modality for key, spec in agent.observations.items()}


def save_dream(
    agent: Agent, batch: Batch, path: Path, metadata: Mapping[str, Any], context_steps: int = 5
) -> dict[str, float]:
    """Dream sequences, write a video of the one with most to see, and measure all.

    Args:
        agent: Whose world model dreams.
        batch: Sequences ``(B, T)``.
        path: ``.webp``, ``.gif``, or ``.png`` (some steps side by side).
        metadata: The environment's; ``alphabets`` turns token ids into characters, ``fields``
            names the parts of vectors.
        context_steps: Rows the model sees.

    Returns:
        Open-loop errors 1, 5 and 15 steps ahead.
    """
    result = dream(agent, batch, min(context_steps, batch.shape[1] - 1))
    names = modality_names(agent)
    index, length = most_to_see(batch, result.context_steps)
    save_dream_file(first_rows(result, length), path, names, metadata.get("alphabets"), index)
    errors = open_loop_errors(result, names, batch.is_first, metadata.get("fields"))
    return select_horizons(errors, _HORIZONS)
