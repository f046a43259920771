"""Text for agents without a text encoder."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from pokered_env.errors import ConfigError
from pokered_env.game.text import NEWLINE, PADDING, SPACE


class HashedWords(gym.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Replaces the character ids of `text` by the words on the screen, without their order.

    Character ids are names, not magnitudes; a plain network should not be fed with them. Each word
    sets one of ``size`` numbers to 1, chosen by the word's CRC-32; different words may share one.

    Args:
        env: An environment with the `text` observation.
        size: How many numbers `text` becomes.

    Raises:
        ConfigError: There is no `text`, or ``size`` is not positive.
    """

    def __init__(self, env: gym.Env[Any, Any], size: int = 256) -> None:
        RecordConstructorArgs.__init__(self, size=size)
        gym.ObservationWrapper.__init__(self, env)
        space = env.observation_space
        if not isinstance(space, spaces.Dict) or "text" not in space.spaces or size < 1:
            raise ConfigError(f"HashedWords(size={size}) needs size > 0 and a `text` in {space}.")
        self._size = size
        words = spaces.Box(0.0, 1.0, (size,), np.float32)
        self.observation_space = spaces.Dict({**space.spaces, "text": words})

    def observation(self, observation: dict[str, Any]) -> dict[str, Any]:
        """Return the observation with `text` replaced."""
        words = np.zeros(self._size, np.float32)
        words[_buckets(observation["text"].tobytes(), self._size)] = 1.0
        return {**observation, "text": words}


@lru_cache(maxsize=1024)
def _buckets(ids: bytes, size: int) -> NDArray[np.intp]:
    separated = ids.replace(bytes([PADDING]), _BLANK).replace(bytes([NEWLINE]), _BLANK)
    return np.array([zlib.crc32(w) % size for w in separated.split(_BLANK) if w], np.intp)


_BLANK = bytes([SPACE])
