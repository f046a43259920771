from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from batches import random_batch
from dreamer_agent.behaviour.actor_critic import ActorCritic, Trajectories, imagine, step_weights
from dreamer_agent.config import (
    ActorConfig,
    AgentConfig,
    CriticConfig,
    HeadConfig,
    ImaginationConfig,
    RSSMConfig,
    VectorConfig,
)
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.model.world_model import WorldModel
from dreamer_agent.spaces.actions import action_spec
from dreamer_agent.spaces.observation import observation_specs
from gymnasium import spaces

H, M, FEATURE = 4, 5, 7
ACTION = action_spec(spaces.Discrete(3))
OBSERVATION = spaces.Box(-1, 1, (2,), np.float32)


def config(**critic):
    return AgentConfig(
        actor=ActorConfig(layers=1, units=8),
        critic=CriticConfig(layers=1, units=8, **critic),
        rssm=RSSMConfig(deter=8, hidden=8, stoch=3, classes=2, blocks=2),
        vector=VectorConfig(layers=1, units=8),
        reward_head=HeadConfig(units=8),
        continue_head=HeadConfig(units=8),
    )


def build(settings=None, feature_size=FEATURE):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = ActorCritic(feature_size, ACTION, settings or config())
        for critic in (module.critic, module.slow_critic):
            for head in critic.heads:
                head.out.weight.data.normal_(std=0.3)
        module.actor.head.out.weight.data.normal_(std=0.3)
    return module


def trajectories(seed=0):
    rng = np.random.default_rng(seed)
    action = np.eye(3)[rng.integers(0, 3, (H, M))]
    arrays = (
        rng.normal(size=(H + 1, M, FEATURE)),
        action,
        rng.normal(size=(H + 1, M)) * 30,
        rng.uniform(0.7, 1, (H + 1, M)),
    )
    feature, action, reward, live = (torch.tensor(x, dtype=torch.float32) for x in arrays)
    return Trajectories(feature, action, None, reward, live)


def values(critic, feature):
    with torch.no_grad():
        return critic.values(critic(feature)).double().numpy()


def numpy_returns(reward, live, boot, lam=0.95):
    returns = np.zeros_like(reward[:-1])
    following = boot[-1]
    for t in reversed(range(len(reward) - 1)):
        following = reward[t + 1] + live[t + 1] * ((1 - lam) * boot[t + 1] + lam * following)
        returns[t] = following
    return returns


def numpy_loss(module, traj, target, regularizer, reduce=lambda x: x.mean(0)):
    """The paper's actor and critic losses on imagined steps, one line each."""
    reward, live = traj.reward.double().numpy(), traj.live.double().numpy()
    slow = values(module.slow_critic, traj.feature)
    boot = reduce(slow if target == "slow" else values(module.critic, traj.feature))
    returns = numpy_returns(reward, live, boot)
    low, high = 0.01 * np.percentile(returns, [5, 95])
    advantage = (returns - boot[:-1]) / max(1.0, high - low)
    weight = np.cumprod(live, 0)[:-1]
    with torch.no_grad():
        probs = 0.99 * module.actor.head(traj.feature[:-1]).softmax(-1).double().numpy() + 0.01 / 3
        log_probs = module.critic(traj.feature[:-1])
    logp = np.log((probs * traj.action.numpy()).sum(-1))
    entropy = -(probs * np.log(probs)).sum(-1)
    actor = (-weight * (logp * advantage + 3e-4 * entropy)).mean()
    fit = module.critic.loss(log_probs, torch.tensor(returns)[None].float()).double().numpy()
    keep = module.critic.loss(log_probs, torch.tensor(slow[:, :-1]).float()).double().numpy()
    return actor, (weight * (fit + regularizer * keep)).mean(), returns


@pytest.mark.parametrize(
    ("settings", "reduce"),
    [
        ({}, None),
        ({"target": "slow", "slow_regularizer": 0.0}, None),
        ({"num_critics": 2, "reduce": "min", "target": "slow"}, "min"),
    ],
)
def test_losses_equal_the_reference(settings, reduce):
    module, traj = build(config(**settings)), trajectories()
    loss, returns = module.loss(traj, torch.ones(M))
    reducer = (lambda x: x.min(0)) if reduce else (lambda x: x.mean(0))
    critic = module.config.critic
    actor_loss, critic_loss, expected = numpy_loss(
        build(config(**settings)), traj, critic.target, critic.slow_regularizer, reducer
    )
    np.testing.assert_allclose(returns.numpy(), expected, rtol=1e-4, atol=1e-3)
    assert loss.losses["actor"].item() == pytest.approx(actor_loss, rel=1e-4)
    assert loss.losses["critic"].item() == pytest.approx(critic_loss, rel=1e-4)
    assert loss.total.item() == pytest.approx(actor_loss + critic_loss, rel=1e-4)


def test_weights_are_the_probability_of_getting_there_including_the_start():
    live = torch.tensor([[0.9], [0.5], [0.25], [0.1]])
    assert step_weights(live).flatten().tolist() == pytest.approx([0.9, 0.45, 0.1125])
    discounted = 0.99 * live
    outside = step_weights(discounted, 0.99).flatten().tolist()
    assert outside == pytest.approx([0.9, 0.9 * 0.99 * 0.5, 0.9 * 0.99**2 * 0.125])


def test_a_terminal_start_counts_for_nothing():
    traj = trajectories()
    live = traj.live.clone()
    live[0, 2] = 0.0
    module = build()
    module.loss(dataclasses.replace(traj, live=live), torch.ones(M))[0].total.backward()
    gradient = [param.grad.clone() for param in module.actor.parameters()]
    changed = traj.action.clone()
    changed[:, 2] = changed[:, 2].roll(1, -1)
    again = build()
    altered = dataclasses.replace(traj, live=live, action=changed)
    again.loss(altered, torch.ones(M))[0].total.backward()
    for a, b in zip(gradient, again.actor.parameters(), strict=True):
        torch.testing.assert_close(a, b.grad)


def test_padding_starts_neither_count_nor_dilute():
    traj, keep = trajectories(), torch.tensor([1.0, 1.0, 0.0, 1.0, 0.0])
    rows = keep.bool()
    part = Trajectories(
        traj.feature[:, rows], traj.action[:, rows], None, traj.reward[:, rows], traj.live[:, rows]
    )
    whole, _ = build().loss(traj, keep)
    alone, _ = build().loss(part, torch.ones(3))
    torch.testing.assert_close(whole.total, alone.total)


def test_the_critic_learns_from_returns_and_the_actor_does_not_teach_it():
    module, traj = build(), trajectories()
    module.loss(traj, torch.ones(M))[0].total.backward()
    assert all((param.grad != 0).any() for param in module.actor.parameters())
    assert all((param.grad != 0).any() for param in module.critic.parameters())
    assert all(param.grad is None for param in module.slow_critic.parameters())


def test_reinforce_raises_the_probability_of_actions_better_than_the_value():
    module, traj = build(), trajectories()
    with torch.no_grad():
        before = module.actor(traj.feature[:-1]).log_prob(traj.action)
    optimizer = torch.optim.SGD(module.actor.parameters(), 0.05)
    loss, returns = module.loss(traj, torch.ones(M))
    baseline = torch.tensor(values(module.critic, traj.feature)[0][:-1])
    advantage = returns - baseline
    loss.total.backward()
    optimizer.step()
    with torch.no_grad():
        change = module.actor(traj.feature[:-1]).log_prob(traj.action) - before
    assert (change * advantage).sum() > 0


# Imagination and the replay value loss need a world model.


@pytest.fixture
def learned():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        settings = config()
        model = WorldModel(observation_specs(OBSERVATION, settings), ACTION, settings)
        model.reward_head.out.weight.data.normal_(std=0.1)
    module = build(settings, model.rssm.feature_size)
    data = model.tensors(random_batch(OBSERVATION, spaces.Discrete(3)))
    posterior = model.loss(data, torch.Generator().manual_seed(0)).posterior
    return model, module, data, posterior


def test_imagination_starts_at_every_posterior_state_and_has_no_graph(learned):
    model, module, _data, posterior = learned
    start = posterior.detach().flatten()
    traj = imagine(model, module.actor, start, H, None, torch.Generator().manual_seed(1))
    assert traj.feature.shape == (H + 1, 18, model.rssm.feature_size)
    torch.testing.assert_close(traj.feature[0], posterior.feature.detach().flatten(0, 1))
    assert not any(
        value.requires_grad for value in (traj.feature, traj.action, traj.reward, traj.live)
    )


def test_imagined_steps_follow_the_prior_under_the_taken_actions(learned):
    model, module, _data, posterior = learned
    start = posterior.detach().flatten()
    traj = imagine(model, module.actor, start, H, None, torch.Generator().manual_seed(1))
    size = model.config.rssm.deter
    state = RSSMState(start.deter, start.stoch)
    for t in range(H):
        inputs = (state.deter, state.stoch.flatten(1), model.rssm.core.action_part(traj.action[t]))
        deter = model.rssm.core(*inputs).detach()
        torch.testing.assert_close(traj.feature[t + 1][:, :size], deter)
        stoch = traj.feature[t + 1][:, size:].unflatten(1, start.stoch.shape[1:])
        state = RSSMState(deter, stoch)
    torch.testing.assert_close(traj.reward, model.predict_reward(traj.feature).detach())
    torch.testing.assert_close(traj.live, model.predict_continue(traj.feature).detach())


def test_a_running_episode_is_not_bootstrapped_from_the_padding_behind_it(learned):
    _, module, data, posterior = learned
    weight, is_last = data.weight.clone(), torch.zeros_like(data.is_last)
    weight[:, 4:] = 0
    data = dataclasses.replace(data, weight=weight, is_last=is_last)
    boot = torch.ones(3, 6)
    far = torch.where(weight > 0, boot, 100.0)
    losses = [module.replay_loss(posterior.feature.detach(), data, b) for b in (boot, far)]
    torch.testing.assert_close(*losses)


def test_replay_loss_bootstraps_from_the_imagined_return_of_the_same_step(learned):
    _, module, data, posterior = learned
    feature = posterior.feature.detach()
    boot = torch.randn(3, 6, generator=torch.Generator().manual_seed(2)) * 5
    live = (~data.is_terminal).double().numpy() * (1 - 1 / 333)
    reward, last = data.reward.double().numpy(), data.is_last.numpy()
    returns = np.zeros((3, 5))
    for b in range(3):
        following = boot[b, -1].item()
        for t in reversed(range(5)):
            mix = 0.0 if last[b, t + 1] else 0.95
            target = (1 - mix) * boot[b, t + 1].item() + mix * following
            following = reward[b, t + 1] + live[b, t + 1] * target
            returns[b, t] = following
    log_probs = module.critic(feature[:, :-1]).detach()
    slow = torch.tensor(values(module.slow_critic, feature[:, :-1])).float()
    fit = module.critic.loss(log_probs, torch.tensor(returns)[None].float())
    expected = ((fit + module.critic.loss(log_probs, slow)) * (~data.is_last[:, :-1])).mean()
    torch.testing.assert_close(module.replay_loss(feature, data, boot), expected)


def test_replay_loss_sends_gradient_into_the_world_model_and_not_into_the_targets(learned):
    model, module, data, posterior = learned
    boot = torch.randn(3, 6, requires_grad=True)
    module.replay_loss(posterior.feature, data, boot).backward()
    assert boot.grad is None
    assert (model.encoder.encoders["obs:observation"].mlp[0].linear.weight.grad != 0).any()
    assert (model.rssm.core.gates.weight.grad != 0).any()


def test_discount_is_inside_the_continues_only_if_they_were_trained_so(learned):
    model, module, _data, posterior = learned
    start = posterior.detach().flatten()
    inside = imagine(model, module.actor, start, H, None, torch.Generator().manual_seed(1))
    settings = dataclasses.replace(
        model.config, imagination=ImaginationConfig(discount_in_continue=False)
    )
    model.config = settings
    outside = imagine(model, module.actor, start, H, None, torch.Generator().manual_seed(1))
    torch.testing.assert_close(outside.live, inside.live * (1 - 1 / 333))
    assert model.continue_target(torch.tensor([False, True])).tolist() == [1.0, 0.0]
