"""A configuration so small that a whole run takes seconds."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import torch
from dreamer_agent.presets import preset
from dreamer_agent.replay import ReplayConfig
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.train_config import LogConfig, TrainConfig


def tiny_agent():
    config = preset("paper", "xs")
    small = replace(config.rssm, deter=16, hidden=8, stoch=4, classes=4, blocks=2)
    return replace(
        config,
        rssm=small,
        vector=replace(config.vector, layers=1, units=8),
        reward_head=replace(config.reward_head, units=8),
        continue_head=replace(config.continue_head, units=8),
        actor=replace(config.actor, layers=1, units=8),
        critic=replace(config.critic, layers=1, units=8),
        twohot=replace(config.twohot, bins=15),
        imagination=replace(config.imagination, horizon=3),
        optimizer=replace(config.optimizer, lr=1e-3, warmup_steps=0),
    )


def tiny_config(run_dir, **changes):
    config = TrainConfig(
        env="CartPole-v1",
        num_envs=2,
        run_dir=str(run_dir),
        env_steps=240,
        batch_size=3,
        sequence_length=8,
        replay_ratio=8,
        prefill_steps=40,
        eval_every_steps=100,
        eval_episodes=2,
        video_every_steps=0,
        save_every_s=1e6,
        threads=1,
        device="cpu",
        agent=tiny_agent(),
        replay=ReplayConfig(chunk_length=16, context_every=4),
        log=LogConfig(every_steps=20),
    )
    return replace(config, **changes)


def metrics_of(run_dir):
    """Lines of metrics.jsonl without what timing decides."""
    lines = (Path(run_dir) / "metrics.jsonl").read_text().splitlines()
    return [
        {k: v for k, v in json.loads(line).items() if not k.startswith("system/")} for line in lines
    ]


def interrupt_after(step):
    def on_record(env_steps, scalars):
        if env_steps >= step:
            os.kill(os.getpid(), signal.SIGINT)

    return on_record


def weights_of(run_dir):
    return checkpoint.load(checkpoint.latest(Path(run_dir) / "checkpoints")).model


def assert_same_run(one, other):
    assert metrics_of(one) == metrics_of(other)
    a, b = weights_of(one), weights_of(other)
    assert all(torch.equal(a[name], b[name]) for name in a) and a.keys() == b.keys()
