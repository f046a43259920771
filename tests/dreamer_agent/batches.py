"""Random batches for the agent's tests, in the spaces' own dtypes."""

from __future__ import annotations

import numpy as np
from dreamer_agent.replay.batch import Batch
from gymnasium import spaces

SMALL_GAME = spaces.Dict(
    screen=spaces.Box(0, 255, (18, 20, 1), np.uint8),
    visited_mask=spaces.Box(0, 255, (18, 20, 1), np.uint8),
    text=spaces.Box(0, 255, (10,), np.uint8),
    state=spaces.Box(0, 1, (5,), np.float32),
    weather=spaces.Discrete(3),
)
HINTS = {"visited_mask": "mask", "text": "tokens"}


def random_batch(observation_space, action_space, batch=3, length=6, seed=0, **fields):
    """One reset row at the start, and an episode that ends by termination in the first sequence."""
    observation_space.seed(seed)
    action_space.seed(seed)
    rng = np.random.default_rng(seed)
    shape = (batch, length)
    is_first, is_last = np.zeros((2, *shape), bool)
    is_first[:, 0] = True
    is_last[0, length // 2] = True
    is_first[0, length // 2 + 1] = True
    action = sample(action_space, shape)
    action[is_first] = 0
    parts = observation_space if isinstance(observation_space, spaces.Dict) else None
    keys = {"observation": observation_space} if parts is None else parts.spaces
    values = {
        "obs": {key: sample(space, shape) for key, space in keys.items()},
        "action": action,
        "reward": rng.normal(size=shape).astype(np.float32),
        "is_first": is_first,
        "is_last": is_last,
        "is_terminal": is_last.copy(),
        "ids": np.arange(batch * length).reshape(shape),
    }
    return Batch(**{**values, **fields})


def sample(space, shape):
    count = int(np.prod(shape))
    drawn = np.stack([np.asarray(space.sample()) for _ in range(count)])
    return drawn.reshape(*shape, *drawn.shape[1:])
