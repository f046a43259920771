"""A run says at its start how it reads every key, and what it may have guessed wrong."""

from __future__ import annotations

import dataclasses

import gymnasium as gym
import numpy as np
from dreamer_agent.config import ModalityConfig
from dreamer_agent.replay import Replay
from dreamer_agent.training.trainer import train
from gymnasium import spaces
from tiny import tiny_config


class Grid(gym.Env):
    """A symbolic grid and a mission in words, as in MiniGrid."""

    observation_space = spaces.Dict(
        image=spaces.Box(0, 10, (5, 5, 3), np.uint8), mission=spaces.Text(40)
    )
    action_space = spaces.MultiBinary(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._obs(), {}

    def step(self, action):
        self.steps += 1
        return self._obs(), float(action.sum()), self.steps == 9, False, {}

    def _obs(self):
        return {
            "image": self.np_random.integers(0, 11, (5, 5, 3)).astype(np.uint8),
            "mission": "go to the door",
        }


gym.register("Grid-v0", Grid)


def grid_config(run_dir, **modalities):
    config = tiny_config(run_dir, env="Grid-v0", env_steps=80, eval_every_steps=0)
    dropped = {"mission": ModalityConfig(encode=False, decode=False)}
    agent = dataclasses.replace(config.agent, modalities={**dropped, **modalities})
    return dataclasses.replace(config, agent=agent)


def test_a_grid_is_doubted_its_mission_left_out_and_the_run_learns(tmp_path, capsys):
    run = train(grid_config(tmp_path / "run"))
    printed = " ".join(capsys.readouterr().out.split())
    assert "left out" in printed and "uint8 (5, 5, 3)" in printed
    assert printed.count("Warning: Key 'image'") == 1 and "symbolic grid" in printed
    replay = Replay.open(run / "replay", 1, 4)
    assert "obs/image" in replay.read(0, 0, 1) and "obs/mission" not in replay.read(0, 0, 1)


def test_a_grid_said_to_be_of_classes_is_not_doubted_and_the_run_resumes(tmp_path, capsys):
    config = grid_config(tmp_path / "run", image=ModalityConfig(modality="discrete"))
    train(config)
    train(dataclasses.replace(config, env_steps=100), resume=True)
    printed = capsys.readouterr().out
    assert "Warning: Key" not in printed and printed.count("categorical") == 2
