import numpy as np
import torch
from dreamer_agent.spaces.actions import action_spec
from gymnasium import spaces


def test_float64_actions_at_the_bounds_stay_inside_the_space():
    box = spaces.Box(np.array([-0.1, 0.3]), np.array([0.7, 1.1]), dtype=np.float64)
    for edge in (-1.0, 1.0):
        action = action_spec(box).decode(torch.full((1, 2), edge))
        assert box.contains(action[0]), action
