from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.behaviour.policy import Actor
from dreamer_agent.config import ActorConfig
from dreamer_agent.spaces.actions import action_spec
from gymnasium import spaces

CONFIG = ActorConfig(layers=1, units=8)
FEATURE = 6


def build(space, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        actor = Actor(FEATURE, action_spec(space), ActorConfig(layers=1, units=8, **settings))
        actor.head.out.weight.data.normal_(std=0.5)
    return actor


def feature(num=4):
    return torch.randn(num, FEATURE, generator=torch.Generator().manual_seed(1))


def test_log_probability_and_entropy_are_summed_over_components():
    actor = build(spaces.MultiDiscrete([2, 3]), unimix=0.0)
    policy = actor(feature())
    first, second = (logits.softmax(-1) for logits in actor.head(feature()).split((2, 3), -1))
    action = torch.tensor([[0.0, 1.0, 0.0, 0.0, 1.0]]).expand(4, 5)
    expected = (first[:, 1] * second[:, 2]).log()
    torch.testing.assert_close(policy.log_prob(action), expected)
    entropy = -(first * first.log()).sum(-1) - (second * second.log()).sum(-1)
    torch.testing.assert_close(policy.entropy(), entropy)


@pytest.mark.parametrize("unimix", [0.0, 0.01])
def test_the_discrete_policys_unimix_is_a_switch(unimix):
    actor = build(spaces.Discrete(4), unimix=unimix)
    probs = actor(feature()).log_probs[0].exp()
    expected = (1 - unimix) * actor.head(feature()).softmax(-1) + unimix / 4
    torch.testing.assert_close(probs, expected)


def test_samples_are_one_hot_per_component_and_follow_the_generator():
    policy = build(spaces.MultiDiscrete([2, 3]))(feature())
    draws = [policy.sample(torch.Generator().manual_seed(7)) for _ in range(2)]
    assert torch.equal(*draws)
    assert draws[0][:, :2].sum(-1).tolist() == [1.0] * 4
    assert draws[0][:, 2:].sum(-1).tolist() == [1.0] * 4


def test_masked_choices_are_never_sampled_nor_the_mode():
    actor = build(spaces.Discrete(5))
    allowed = torch.tensor([False, True, False, True, False]).expand(1000, 5)
    policy = actor(feature(1).expand(1000, FEATURE) * 10, allowed)
    generator = torch.Generator().manual_seed(0)
    assert not policy.sample(generator)[:, [0, 2, 4]].any()
    assert not policy.mode()[:, [0, 2, 4]].any()


def test_box_actions_are_a_normal_with_its_density():
    policy = build(spaces.Box(-1, 1, (2,), np.float32))(feature())
    action = torch.randn(4, 2)
    reference = torch.distributions.Normal(policy.mean, policy.std)
    torch.testing.assert_close(policy.log_prob(action), reference.log_prob(action).sum(-1))
    torch.testing.assert_close(policy.entropy(), reference.entropy().sum(-1))
    assert (policy.std >= CONFIG.min_std).all() and (policy.std <= CONFIG.max_std).all()
    assert torch.equal(policy.mode(), policy.mean)


def test_a_fresh_policy_is_almost_uniform():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        actor = Actor(FEATURE, action_spec(spaces.Discrete(7)), ActorConfig())
    probs = actor(feature()).log_probs[0].exp()
    torch.testing.assert_close(probs, torch.full_like(probs, 1 / 7), atol=0.01, rtol=0)
