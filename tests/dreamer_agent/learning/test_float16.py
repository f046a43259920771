import dataclasses

import numpy as np
import pytest
import torch
from batches import random_batch
from dreamer_agent import Agent, preset
from dreamer_agent.errors import NonFiniteError
from gymnasium import spaces

SPACE, ACTION = spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(2)


def _sick_agent():
    agent = Agent(SPACE, ACTION, dataclasses.replace(preset("paper", "xs"), precision="float16"))
    with torch.no_grad():
        next(agent.world_model.reward_head.parameters()).fill_(float("inf"))
    return agent


def test_a_loss_that_is_not_finite_lowers_the_scale_until_it_cannot_be_the_cause():
    agent, batch = _sick_agent(), random_batch(SPACE, ACTION)
    scale = agent._updater.loss_scale
    before = scale.value
    agent.update(batch)
    assert scale.value == before / 2
    scale.value = 1.0
    with pytest.raises(NonFiniteError, match="reward"):
        agent.update(batch)
