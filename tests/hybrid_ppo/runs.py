"""Small runs on CartPole, and what of two of them must be the same."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dreamer_agent import Replay, RunDirectory, TrainConfig, preset
from hybrid_ppo import CoTrainConfig, HybridConfig, PPOConfig
from stable_baselines3.common.vec_env import DummyVecEnv


def make_replay(venv: DummyVecEnv) -> Replay:
    """A replay in memory for what these environments give."""
    return Replay.for_spaces(
        venv.observation_space,
        venv.action_space,
        num_streams=venv.num_envs,
        batch_size=4,
        sequence_length=8,
    )


def dreamer_config(run_dir: Path, env: str = "CartPole-v1") -> TrainConfig:
    """A world model that has seen a little of its environment, and learns quickly."""
    agent = preset("paper", "xs")
    optimizer = dataclasses.replace(agent.optimizer, lr=1e-3, warmup_steps=0)
    return TrainConfig(
        env=env,
        run_dir=str(run_dir),
        env_steps=96,
        prefill_steps=64,
        batch_size=2,
        sequence_length=16,
        replay_ratio=1.0,
        video_every_steps=0,
        agent=dataclasses.replace(agent, optimizer=optimizer),
    )


def hybrid_config(world_model: Path, run_dir: Path, freeze: bool, **changes: Any) -> HybridConfig:
    """Rollouts of 64 steps, saved before each."""
    config = HybridConfig(
        world_model=world_model,
        run_dir=run_dir,
        steps=256,
        freeze_world_model=freeze,
        save_every_s=0,
        device="cpu",
        ppo=PPOConfig(n_steps=32, batch_size=32),
        cotrain=CoTrainConfig(
            updates_per_rollout=2, batch_size=2, sequence_length=8, refilter_steps=16
        ),
    )
    return dataclasses.replace(config, **changes)


def metrics(run: Path) -> list[dict[str, float]]:
    """What was logged, without timings."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    unequal = ("system/", "dream")  # timings, and paths of videos
    return [{k: v for k, v in line.items() if not k.startswith(unequal)} for line in lines]


def assert_same(run: Path, other: Path) -> None:
    """Both runs logged the same, and hold the same to the bit in their newest checkpoints."""
    assert metrics(run) == metrics(other)
    saved, expected = (RunDirectory(path).load_newest() for path in (run, other))
    assert saved.step == expected.step
    for part in ("model", "optimizer", "training"):
        _assert_equal(getattr(saved, part), getattr(expected, part), part)


def _assert_equal(value: Any, expected: Any, where: str) -> None:
    if isinstance(expected, dict):
        assert value.keys() == expected.keys(), where
        for key in expected:
            if key not in ("log", "replay"):  # they say how many bytes; timings differ in length
                _assert_equal(value[key], expected[key], f"{where}/{key}")
    elif isinstance(expected, list):
        assert len(value) == len(expected), where
        for index, pair in enumerate(zip(value, expected, strict=True)):
            _assert_equal(*pair, f"{where}/{index}")
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(value, expected), where
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(value, expected, err_msg=where)
    else:
        assert value == expected, where
