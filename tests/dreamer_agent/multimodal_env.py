"""All modalities: a dot walks on a screen, leaves a trail, and a sentence names its place."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

HEIGHT, WIDTH, CELL, LENGTH = 24, 32, 8, 20


class WalkEnv(gym.Env):
    """Four moves on a 3x4 grid; the right-most column is the goal."""

    metadata = {  # noqa: RUF012
        "render_modes": ["rgb_array"],
        "render_fps": 10,
        "modalities": {"trail": "mask", "text": "tokens"},
        "alphabets": {"text": [chr(i) for i in range(128)]},
        "fields": {
            "state": [
                {"name": "place", "start": 0, "size": 2},
                {"name": "count", "start": 2, "size": 1, "scale": 15.0, "unit": "steps"},
            ]
        },
    }
    observation_space = spaces.Dict(
        {
            "screen": spaces.Box(0, 255, (HEIGHT, WIDTH, 1), np.uint8),
            "trail": spaces.Box(0, 255, (HEIGHT, WIDTH, 1), np.uint8),
            "text": spaces.Box(0, 127, (LENGTH,), np.uint8),
            "state": spaces.Box(0, 1, (3,), np.float32),
        }
    )
    action_space = spaces.Discrete(4)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def render(self):
        return np.repeat(self._obs()["screen"], 3, axis=-1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.column, self.count = int(self.np_random.integers(3)), 0, 0
        self.trail = np.zeros((3, 4), bool)
        return self._obs(), {}

    def step(self, action):
        down, right = ((1, 0), (-1, 0), (0, 1), (0, -1))[int(action)]
        self.row = int(np.clip(self.row + down, 0, 2))
        self.column = int(np.clip(self.column + right, 0, 3))
        self.count += 1
        goal = self.column == 3
        info = {"episode_summary": {"cells": int(self.trail.sum())}}
        return self._obs(), float(goal), goal, self.count >= 15 and not goal, info

    def _obs(self):
        self.trail[self.row, self.column] = True
        cells = np.where(self.trail, 85, 0).astype(np.uint8)
        cells[self.row, self.column] = 255
        sentence = f"row {self.row}\ncolumn {self.column}".encode()
        return {
            "screen": np.kron(cells, np.ones((CELL, CELL), np.uint8))[..., None],
            "trail": np.kron(self.trail * np.uint8(255), np.ones((CELL, CELL), np.uint8))[
                ..., None
            ],
            "text": np.frombuffer(sentence.ljust(LENGTH, b"\0"), np.uint8).copy(),
            "state": np.array([self.row / 2, self.column / 3, self.count / 15], np.float32),
        }

    def save(self):
        return bytes([self.row, self.column, self.count, *self.trail.ravel().tolist()])

    def load(self, data):
        self.row, self.column, self.count = data[:3]
        self.trail = np.array(list(data[3:]), bool).reshape(3, 4)


class WalkVectorEnv(SyncVectorEnv):
    """A vector version of its own, as environments on threads have it."""

    def __init__(self, num_envs=1, *, autoreset_mode=AutoresetMode.NEXT_STEP):
        super().__init__([WalkEnv] * num_envs, autoreset_mode=autoreset_mode)


gym.register("Walk-v0", "multimodal_env:WalkEnv", vector_entry_point="multimodal_env:WalkVectorEnv")
