"""Worlds small enough to filter in a test."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent import Agent, preset
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import DummyVecEnv

sys.path.insert(0, str(Path(__file__).parent))  # environments of these tests, by name


class CountingEnv(gym.Env[dict[str, NDArray[Any]], np.int64]):
    """Show the number of steps and the last action; end by ``ends`` after ``length`` steps."""

    def __init__(self, length: int = 5, ends: str = "truncated") -> None:
        self.observation_space = spaces.Dict(
            {"count": spaces.Box(0, 100, (2,), np.float32), "last": spaces.Discrete(3)}
        )
        self.action_space = spaces.Discrete(3)
        self.length, self.ends = length, ends

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.count, self.last = 0, 0
        return self._observation(), {}

    def step(self, action: np.int64) -> Any:
        self.count, self.last = self.count + 1, int(action)
        over = self.count >= self.length
        return (
            self._observation(),
            float(action == 1),
            over and self.ends == "terminated",
            over and self.ends == "truncated",
            {},
        )

    def _observation(self) -> dict[str, Any]:
        count = np.array([self.count, self.length], np.float32)
        return {"count": count, "last": np.int64(self.last)}


@pytest.fixture
def venv() -> DummyVecEnv:
    """Two environments of different length, so that they end at different steps."""
    return DummyVecEnv([lambda: CountingEnv(3), lambda: CountingEnv(5, "terminated")])


@pytest.fixture
def agent() -> Agent:
    env = CountingEnv()
    return Agent(env.observation_space, env.action_space, preset("paper", "xs"), seed=0)


@pytest.fixture
def fast_agent() -> Agent:
    """An agent that learns within a few updates."""
    env, config = CountingEnv(), preset("paper", "xs")
    optimizer = dataclasses.replace(config.optimizer, lr=3e-3, warmup_steps=0)
    config = dataclasses.replace(config, optimizer=optimizer)
    return Agent(env.observation_space, env.action_space, config, seed=0)
