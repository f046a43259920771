"""Train the world model from a stored replay, without an environment."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import torch

from dreamer_agent import checkpoint
from dreamer_agent.agent import Agent
from dreamer_agent.device import resolve_device
from dreamer_agent.learn import Learner
from dreamer_agent.logging import Logger
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.terminal import Terminal
from dreamer_agent.metrics import Meter
from dreamer_agent.recording import read_recording
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import RunDirectory, default_run_dir
from dreamer_agent.train_config import TrainConfig, save_yaml

__all__ = ["train_offline"]

_UPDATES_PER_RECORD = 10


def train_offline(config: TrainConfig, replay_dir: Path) -> Path:
    """Train the world model alone; each stored row is replayed ``config.replay_ratio`` times.

    Args:
        config: The run; environment settings are not used. ``stop_after_minutes`` ends it early.
        replay_dir: A stored replay (``RUN/replay``); it is only read.

    Returns:
        The new run directory; its checkpoint can be loaded like any other.

    Raises:
        ReplayError: There is no replay there, or it holds too little.
        RunDirectoryError: The run directory is taken or unwritable.
    """
    recording = read_recording(replay_dir)
    replay = Replay.open(
        replay_dir,
        config.batch_size,
        config.sequence_length,
        config.replay,
        latent_sizes=config.latent_sizes,
        seed=config.seed,
    )
    agent = Agent(
        recording.observation_space,
        recording.action_space,
        config.agent,
        modalities=recording.metadata.get("modalities"),
        device=resolve_device(config.device),
        seed=config.seed,
    )
    run = RunDirectory(Path(config.run_dir) if config.run_dir else default_run_dir("offline"))
    run.create()
    run.lock()
    config = dataclasses.replace(
        config, run_dir=str(run.path), threads=config.threads or torch.get_num_threads()
    )
    torch.set_num_threads(config.threads)
    save_yaml(config, run.config)
    try:
        _learn(config, run, agent, replay)
    finally:
        replay.close()
        run.unlock()
    return run.path


def _learn(config: TrainConfig, run: RunDirectory, agent: Agent, replay: Replay) -> None:
    rows = replay.stats().rows
    total = max(1, int(rows * config.replay_ratio / config.steps_per_update))
    display = Terminal(f"dreamer offline · {rows:,} stored rows", str(run.path))
    logger = Logger([JsonlSink(run.metrics), display])
    learner, meter = Learner(agent, replay, world_model_only=True), Meter()
    display.start()
    started = time.monotonic()
    try:
        while learner.weights_version < total and not _is_over(config, started):
            meter.add(learner.update())
            done = learner.weights_version
            elapsed = time.monotonic() - started
            status = display.status
            status.phase, status.updates = "learning", done
            status.env_steps, status.total_steps = done * rows // total, rows
            status.fraction, status.seconds_left = done / total, elapsed / done * (total - done)
            if done % _UPDATES_PER_RECORD == 0 or done == total:
                scalars = {**meter.take(), "updates": float(done)}
                logger.write(0, scalars | {"system/updates_per_s": done / elapsed})
        _save(run, agent, config)
        display.say(f"Done after {learner.weights_version:,} updates; saved in {run.path}.", "cyan")
    finally:
        display.close()
        logger.close()


def _is_over(config: TrainConfig, started: float) -> bool:
    limit = config.stop_after_minutes
    return limit is not None and time.monotonic() - started >= 60 * limit


def _save(run: RunDirectory, agent: Agent, config: TrainConfig) -> None:
    whole = checkpoint.Checkpoint(
        0, agent.spec, agent.state_dict(), agent.optimizer_state(), training=None
    )
    checkpoint.save(run.checkpoints, whole, config.keep_checkpoints)
