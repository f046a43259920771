"""An environment that shows how many steps it took, and which action was the last."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


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
