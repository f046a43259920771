"""Show a world model the action mask where it learned to look for it: in the observation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from dreamer_agent import Agent
from gymnasium import spaces

from hybrid_ppo.errors import ObservationKeyError
from hybrid_ppo.record import SINGLE_KEY


class ActionMaskWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Put ``info["action_mask"]`` into the observation, if the agent was trained with it there.

    ``dreamer train`` does so for environments that give a mask in ``info``; all others stay as they
    are. Without the wrapper, filtering such an environment fails, for the key is missing.

    Args:
        env: One environment, before it is put into a ``VecEnv``.
        agent: The agent whose world model is to filter it.

    Raises:
        ObservationKeyError: On ``reset``: the agent expects a mask, and ``info`` has none.
    """

    def __init__(self, env: gym.Env[Any, Any], agent: Agent) -> None:
        super().__init__(env)
        space, key = env.observation_space, agent.config.action_mask
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {SINGLE_KEY: space}
        self._key = key if key in agent.observations and key not in parts else None
        if self._key:
            self._mask = np.ones(agent.observations[self._key].shape, np.uint8)
            parts[self._key] = spaces.Box(0, 1, self._mask.shape, np.uint8)
            self.observation_space = spaces.Dict(parts)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; its first observation has the mask if the agent needs it."""
        obs, info = self.env.reset(seed=seed, options=options)
        if self._key and "action_mask" not in info:
            raise ObservationKeyError(
                f"The world model was trained with the action mask {self._key!r}, but this "
                'environment gives no info["action_mask"]. Make it with the arguments it had then.'
            )
        return self._with_mask(obs, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step; where ``info`` has no mask, the last one still holds."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        return self._with_mask(obs, info), reward, terminated, truncated, info

    def _with_mask(self, obs: Any, info: Mapping[str, Any]) -> Any:
        if not self._key:
            return obs
        self._mask = np.asarray(info.get("action_mask", self._mask), np.uint8)
        parts = obs if isinstance(obs, Mapping) else {SINGLE_KEY: obs}
        return {**parts, self._key: self._mask.copy()}
