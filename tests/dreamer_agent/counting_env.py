"""An environment whose every observation says where it is, and an agent that plays at random."""

from __future__ import annotations

from dataclasses import dataclass, replace

import gymnasium as gym
import numpy as np
import torch


class CountingEnv(gym.Env):
    """Observation: (seed of the episode mod 1000, step, last action); ends after 3-9 steps."""

    metadata = {"render_modes": [], "modalities": {}}  # noqa: RUF012
    action_space = gym.spaces.Discrete(3)

    def __init__(self, dict_space=True, masks=False):
        box = gym.spaces.Box(0, 2000, (3,), np.float32)
        self.dict_space, self.masks = dict_space, masks
        self.observation_space = gym.spaces.Dict({"where": box}) if dict_space else box

    def _obs(self, action):
        obs = np.array([self.tag, self.step_count, action], np.float32)
        return {"where": obs} if self.dict_space else obs

    def _info(self):
        mask = np.array([1, 1, self.step_count % 2], np.int8)
        return {"action_mask": mask} if self.masks else {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.tag = int(self.np_random.integers(1000))
        self.length = int(self.np_random.integers(3, 10))
        self.step_count = 0
        return self._obs(0), self._info()

    def step(self, action):
        assert self.step_count < self.length, "stepped past the end"
        self.step_count += 1
        over = self.step_count == self.length
        terminated, truncated = over and self.length % 2 == 0, over and self.length % 2 == 1
        info = {**self._info(), **({"episode": {"goals": self.length}} if over else {})}
        return self._obs(int(action)), float(action) + 0.5, terminated, truncated, info


class SavingEnv(CountingEnv):
    """The same with ``save`` and ``load``, so that actions need not be repeated."""

    def save(self):
        return bytes([self.tag // 256, self.tag % 256, self.length, self.step_count])

    def load(self, data):
        self.tag, self.length, self.step_count = data[0] * 256 + data[1], data[2], data[3]


@dataclass(frozen=True)
class RandomState:
    deter: torch.Tensor
    stoch: torch.Tensor


class RandomAgent:
    """Random actions from a generator of its own; the state counts steps since the last reset."""

    def __init__(self, num_actions=3, seed=0):
        self.num_actions = num_actions
        self.rng = np.random.default_rng(seed)
        self.seen = []

    def initial_state(self, num_envs):
        return RandomState(torch.zeros(num_envs, 2), torch.zeros(num_envs, 1, 4))

    def act(self, obs, state, is_first, mode="sample"):
        self.seen.append(({key: np.copy(value) for key, value in obs.items()}, is_first.copy()))
        deter = torch.where(torch.from_numpy(is_first)[:, None], 0.0, state.deter + 1)
        return self.rng.integers(self.num_actions, size=len(is_first)), replace(state, deter=deter)


gym.register("Counting-v0", "counting_env:CountingEnv")
