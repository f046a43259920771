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


def _clone(agent):
    return {name: value.clone() for name, value in agent.state_dict().items()}


def test_nothing_follows_a_step_that_was_dropped_and_all_follows_one_that_was_taken():
    agent = Agent(SPACE, ACTION, dataclasses.replace(preset("paper", "xs"), precision="float16"))
    slow = agent.actor_critic.slow_critic.heads[0].out.weight
    scale, batch = agent._updater.loss_scale, random_batch(SPACE, ACTION)
    with torch.no_grad():  # both have somewhere to go, and a scale that must overflow
        slow.add_(1)
        agent.actor_critic.return_scale.high.fill_(5)
        scale.value = 2.0**100
    before = _clone(agent)
    agent.update(batch)
    assert scale.value == 2.0**99
    assert all(torch.equal(value, before[name]) for name, value in agent.state_dict().items())
    scale.value = 1.0
    agent.update(batch)
    after = agent.state_dict()
    moved = ("actor_critic.slow_critic.heads.0.out.weight", "actor_critic.return_scale.high")
    assert not any(torch.equal(after[name], before[name]) for name in moved)


def test_a_loss_that_is_not_finite_lowers_the_scale_until_it_cannot_be_the_cause():
    agent, batch = _sick_agent(), random_batch(SPACE, ACTION)
    scale = agent._updater.loss_scale
    before, weights = scale.value, _clone(agent)
    agent.update(batch)
    assert scale.value == before / 2
    assert all(torch.equal(value, weights[name]) for name, value in agent.state_dict().items())
    scale.value = 1.0
    with pytest.raises(
        NonFiniteError, match=r"loss/reward.*weights: \['world_model\.reward_head\.[^,]*'\]"
    ):
        agent.update(batch)


def test_gradients_do_not_depend_on_the_scale_of_the_loss():
    norms = []
    for scale in (1.0, 0.25):
        config = dataclasses.replace(preset("paper", "xs"), precision="float16")
        agent = Agent(SPACE, ACTION, config)
        agent._updater.loss_scale.value = scale
        metrics = agent.update(random_batch(SPACE, ACTION)).metrics
        norms.append([metrics[f"grad_norm/{part}"] for part in ("world_model", "critic")])
    np.testing.assert_allclose(*norms, rtol=0.02)


def test_a_restored_scale_goes_on_growing_where_it_was():
    config = dataclasses.replace(preset("paper", "xs"), precision="float16")
    agent, other = Agent(SPACE, ACTION, config), Agent(SPACE, ACTION, config)
    scale = agent._updater.loss_scale
    scale.value, scale.num_good_steps = 512.0, 17
    other.load_optimizer_state(agent.optimizer_state())
    restored = other._updater.loss_scale
    assert (restored.value, restored.num_good_steps) == (512.0, 17)
