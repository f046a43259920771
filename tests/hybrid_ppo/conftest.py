"""Worlds small enough to filter in a test."""

import dataclasses
import sys
from pathlib import Path

import pytest
from dreamer_agent import Agent, preset
from stable_baselines3.common.vec_env import DummyVecEnv

sys.path.insert(0, str(Path(__file__).parent))  # environments of these tests, by name

from step_counter import CountingEnv


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
