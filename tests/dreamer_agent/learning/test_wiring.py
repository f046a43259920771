"""Acting, observing and imagining are one model: what each is given reaches where it must."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from batches import random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.behaviour.actor_critic import imagine
from dreamer_agent.replay.batch import Batch
from gymnasium import spaces
from tiny import tiny_agent

BOX = spaces.Box(-1, 1, (3,), np.float32)
MASKED = spaces.Dict(x=BOX, action_mask=spaces.Box(0, 1, (4,), np.int8))
NUM, LENGTH, HORIZON = 3, 7, 4


def fix_noise(monkeypatch, uniform=0.37, normal=0.4):
    monkeypatch.setattr(torch, "rand", lambda size, **_: torch.full(tuple(size), uniform))
    monkeypatch.setattr(torch, "randn", lambda size, **_: torch.full(tuple(size), normal))


def lively(agent):
    """Weights large enough that every input can be seen in the latents."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for param in agent.world_model.parameters():
            if param.ndim > 1:
                param.copy_(torch.randn(param.shape, generator=generator))
    return agent


ACTIONS = [spaces.Discrete(4), spaces.MultiDiscrete([2, 3]), spaces.Box(-2, 5, (2,), np.float32)]


@pytest.mark.parametrize("space", ACTIONS, ids=str)
def test_acting_step_by_step_equals_observing_the_sequence_it_makes(space, monkeypatch):
    agent = lively(Agent(BOX, space, tiny_agent()))
    obs = np.random.default_rng(1).uniform(-1, 1, (NUM, LENGTH, 3)).astype(np.float32)
    is_first = np.zeros((NUM, LENGTH), bool)
    is_first[:, 0] = is_first[1, 3] = True
    led_here = np.zeros((NUM, LENGTH + 1, *space.shape), space.dtype)
    state, deter, stoch = agent.initial_state(NUM), [], []
    for step in range(LENGTH):
        fix_noise(monkeypatch, normal=[0.4, -0.9][step % 2])  # actions differ, latents do not
        action, state = agent.act(obs[:, step], state, is_first[:, step])
        led_here[:, step + 1] = action
        deter.append(state.deter)
        stoch.append(state.stoch)
    fix_noise(monkeypatch)
    batch = _batch(obs, led_here[:, :LENGTH], is_first)
    posterior, _ = agent.world_model.observe(batch)
    torch.testing.assert_close(posterior.deter, torch.stack(deter, 1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(posterior.stoch, torch.stack(stoch, 1))
    forgotten, _ = agent.world_model.observe(_batch(obs, led_here[:, :LENGTH] * 0, is_first))
    assert not torch.allclose(posterior.deter, forgotten.deter, atol=1e-3)


def _batch(obs, action, is_first):
    zeros = np.zeros(is_first.shape, np.float32)
    return Batch(
        obs={"observation": obs},
        action=action,
        reward=zeros,
        is_first=is_first,
        is_last=zeros > 0,
        is_terminal=zeros > 0,
        ids=np.arange(is_first.size).reshape(is_first.shape),
    )


@pytest.fixture
def imagined():
    """An agent whose imagined masks differ by state and step, and its trajectories."""
    agent = lively(Agent(MASKED, spaces.Discrete(4), tiny_agent()))
    with torch.no_grad():  # a policy far from uniform, so that a mask shows
        agent.actor_critic.actor.head.out.weight.normal_(generator=torch.Generator().manual_seed(2))
    batch = random_batch(MASKED, spaces.Discrete(4), batch=NUM, length=LENGTH)
    posterior, _ = agent.world_model.observe(batch, mode="mode")
    trajectories = imagine(
        agent.world_model,
        agent.actor_critic.actor,
        posterior.detach().flatten(),
        HORIZON,
        agent.mask_key,
        torch.Generator().manual_seed(3),
    )
    assert 0.1 < trajectories.allowed.float().mean() < 0.9
    return agent, trajectories


def _reference(agent, trajectories, weight):
    """The actor's loss with every step's policy renormalised over what its mask allows."""
    actor, config = agent.actor_critic.actor, agent.config.actor
    allowed = trajectories.allowed
    assert torch.equal(allowed, agent.action.allowed(allowed))
    logits = actor.head(trajectories.feature[:-1]).masked_fill(~allowed, -torch.inf)
    uniform = allowed / allowed.sum(-1, keepdim=True)
    probs = (1 - config.unimix) * logits.softmax(-1) + config.unimix * uniform
    log_prob = (probs * trajectories.action).sum(-1).log()
    entropy = -(probs * probs.clamp_min(1e-30).log()).sum(-1)
    with torch.no_grad():
        _, returns = agent.actor_critic.loss(trajectories, weight)
        critic = agent.actor_critic.critic
        value = critic.reduced(critic.values(critic(trajectories.feature[:-1])))
        new = agent.actor_critic.return_scale.after(returns)
        advantage = (returns - value) / agent.actor_critic.return_scale.scale(new)
        step_weight = trajectories.live[:-1].cumprod(0)
    return -(step_weight * (log_prob * advantage + config.entropy * entropy)).mean()


@pytest.mark.parametrize("is_asked_again", [False, True])
def test_the_actors_loss_is_that_of_the_masked_policy_and_so_is_its_gradient(
    imagined, is_asked_again
):
    agent, trajectories = imagined
    weight = torch.ones(trajectories.feature.shape[1])
    params = list(agent.actor_critic.actor.parameters())
    expected = _reference(agent, trajectories, weight)
    gradients = torch.autograd.grad(expected, params)
    if is_asked_again:
        trajectories = dataclasses.replace(trajectories, policy=None)
    loss, _ = agent.actor_critic.loss(trajectories, weight)
    torch.testing.assert_close(loss.losses["actor"], expected.detach(), rtol=1e-4, atol=1e-6)
    for mine, theirs in zip(torch.autograd.grad(loss.total, params), gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


def test_an_update_imagines_with_the_mask_of_its_key(monkeypatch):
    agent = lively(Agent(MASKED, spaces.Discrete(4), tiny_agent()))
    seen = []
    loss = type(agent.actor_critic).loss

    def keep(self, trajectories, weight):
        seen.append(trajectories)
        return loss(self, trajectories, weight)

    monkeypatch.setattr(type(agent.actor_critic), "loss", keep)
    agent.update(random_batch(MASKED, spaces.Discrete(4)))
    (trajectories,) = seen
    (log_probs,) = trajectories.policy.log_probs
    assert not trajectories.allowed.all()
    assert (log_probs[~trajectories.allowed] < -60).all()
