"""A walk along a line whose ends forbid one of the two moves, said in ``info["action_mask"]``."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


class MaskedEnv(gym.Env[NDArray[np.float32], np.int64]):
    """Left or right among places 0..3; six steps an episode."""

    observation_space = spaces.Box(0, 3, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.place, self.count = 0, 0
        return self._observation(), self._info()

    def step(self, action: np.int64) -> Any:
        self.place = int(np.clip(self.place + (1 if action else -1), 0, 3))
        self.count += 1
        return self._observation(), float(self.place), False, self.count >= 6, self._info()

    def _observation(self) -> NDArray[np.float32]:
        return np.array([self.place], np.float32)

    def _info(self) -> dict[str, Any]:
        return {"action_mask": np.array([self.place > 0, self.place < 3], np.int8)}


gym.register("Masked-v0", "masked_env:MaskedEnv")
