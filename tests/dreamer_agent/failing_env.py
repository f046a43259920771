"""An environment that fails on command: a file in its directory says how."""

from __future__ import annotations

import os
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
from counting_env import SavingEnv


class FailingEnv(SavingEnv):
    """The first environment to find the file ``raise``, ``nan``, ``die``, ``hang`` does so."""

    def __init__(self, directory, after=30):
        super().__init__()
        self.directory, self.after, self.count = Path(directory), after, 0

    def _told(self, what):
        return self.count > self.after and (self.directory / what).exists()

    def step(self, action):
        self.count += 1
        if self._told("raise"):
            raise ZeroDivisionError("the user's own mistake")
        if self._told("die"):
            os._exit(3)
        if self._told("hang"):
            time.sleep(600)
        obs, *rest = super().step(action)
        if self._told("nan"):
            obs["where"][1] = np.nan
        return obs, *rest

    def load(self, data):
        if (self.directory / "upgraded").exists():
            raise RuntimeError("saved by another version")
        super().load(data)


gym.register("Failing-v0", "failing_env:FailingEnv")
