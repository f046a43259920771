"""Show a world model the action mask where it learned to look for it, and MaskablePPO too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from dreamer_agent import Agent
from gymnasium import spaces
from numpy.typing import NDArray

from hybrid_ppo.errors import ObservationKeyError
from hybrid_ppo.record import SINGLE_KEY


class ActionMaskWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Put ``info["action_mask"]`` into the observation, if the agent was trained with it there.

    ``dreamer train`` does so for environments that give a mask in ``info``; all others stay as they
    are. Without the wrapper, filtering such an environment fails, for the key is missing. For
    sb3-contrib's ``MaskablePPO``, ``action_masks()`` gives the same mask.

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
        self._observed = key if key in parts else None
        self._key = key if key in agent.observations and key not in parts else None
        self._mask: NDArray[np.uint8] | None = None
        if self._key:
            parts[self._key] = spaces.Box(0, 1, agent.observations[self._key].shape, np.uint8)
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
        self._mask = None
        return self._with_mask(obs, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step; where ``info`` has no mask, the last one still holds."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        return self._with_mask(obs, info), reward, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """Return which actions are allowed now, ``(choices,)``; for ``MaskablePPO``.

        Raises:
            ObservationKeyError: The environment gives no mask.
        """
        if self._mask is not None:
            return self._mask.astype(np.bool_).reshape(-1)
        try:
            masks = self.env.get_wrapper_attr("action_masks")
        except AttributeError:
            raise ObservationKeyError(
                'This environment gives no info["action_mask"] and has no action_masks(): there '
                "is nothing MaskablePPO could mask with. Train it with PPO."
            ) from None
        return np.asarray(masks(), np.bool_).reshape(-1)

    def _with_mask(self, obs: Any, info: Mapping[str, Any]) -> Any:
        if "action_mask" in info:
            self._mask = np.asarray(info["action_mask"], np.uint8)
        elif self._observed:
            self._mask = np.asarray(obs[self._observed], np.uint8)
        if not self._key:
            return obs
        assert self._mask is not None  # of the reset, if no later step gave one
        parts = obs if isinstance(obs, Mapping) else {SINGLE_KEY: obs}
        return {**parts, self._key: self._mask.copy()}
