from __future__ import annotations

import torch
from dreamer_agent.behaviour.critic import Critic, follow, slow_copy
from dreamer_agent.config import CriticConfig, TwoHotConfig


def build(**settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        critic = Critic(5, CriticConfig(units=8, layers=1, **settings), TwoHotConfig())
        for head in critic.heads:
            head.out.weight.data.normal_()
    return critic


def test_a_fresh_critic_predicts_exactly_zero():
    critic = Critic(5, CriticConfig(units=8, layers=1, num_critics=2), TwoHotConfig())
    assert (critic.values(critic(torch.randn(3, 5))) == 0).all()


def test_the_slow_critic_starts_as_a_copy_without_gradients():
    critic = build()
    slow = slow_copy(critic)
    pairs = list(zip(slow.parameters(), critic.parameters(), strict=True))
    assert all(torch.equal(a, b) and a.data_ptr() != b.data_ptr() for a, b in pairs)
    assert not any(a.requires_grad for a, _ in pairs)


def test_the_slow_critic_moves_by_its_rate():
    critic = build()
    slow = slow_copy(critic)
    before = [param.clone() for param in slow.parameters()]
    for param in critic.parameters():
        param.data.add_(1.0)
    follow(slow, critic, 0.02)
    for old, new in zip(before, slow.parameters(), strict=True):
        torch.testing.assert_close(new, old + 0.02)


def test_several_critics_are_reduced_by_mean_or_minimum():
    values = torch.tensor([[1.0, 5.0], [3.0, -5.0]])
    assert build(num_critics=2, reduce="mean").reduced(values).tolist() == [2.0, 0.0]
    assert build(num_critics=2, reduce="min").reduced(values).tolist() == [1.0, -5.0]


def test_critics_of_an_ensemble_differ_and_each_learns():
    critic = build(num_critics=2)
    feature = torch.randn(4, 5)
    log_probs = critic(feature)
    assert log_probs.shape[0] == 2 and not torch.equal(log_probs[0], log_probs[1])
    critic.loss(log_probs, torch.ones(1, 4)).sum().backward()
    assert all((param.grad != 0).any() for param in critic.parameters())
