"""Open-loop videos: what the world model predicts from actions alone, beside what happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dreamer_agent.agent import Agent
from dreamer_agent.dream_frames import render_frames, save_frames
from dreamer_agent.replay import Batch, Replay
from dreamer_agent.world_model import OpenLoop

__all__ = ["dream", "save_dream"]


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


def save_dream(
    agent: Agent,
    replay: Replay,
    path: Path,
    *,
    context_steps: int = 5,
    horizon: int = 45,
    metadata: Mapping[str, Any] | None = None,
    fps: float = 5.0,
) -> OpenLoop:
    """Dream the newest sequence of the replay and write a video of it.

    Args:
        agent: Whose world model dreams.
        replay: Where the sequence comes from.
        path: ``.webp``, ``.gif``, or ``.png`` (a strip of some of the frames).
        context_steps: Rows the model sees.
        horizon: Rows it imagines (fewer if the replay is shorter).
        metadata: The environment's; ``alphabets`` turns token ids into characters.
        fps: Frames per second.

    Raises:
        ReplayError: The replay holds no sequence that long.
    """
    longest = max((b - a for spans in replay.spans() for a, b in spans), default=0)
    length = min(context_steps + horizon, max(longest - replay.config.context_every, 2))
    batch = replay.recent(1, length)
    result = dream(agent, batch, min(context_steps, length - 1))
    modalities = {key: spec.modality for key, spec in agent.observations.items()}
    alphabets = (metadata or {}).get("alphabets") or {}
    save_frames(render_frames(result, modalities, alphabets), path, fps)
    return result
