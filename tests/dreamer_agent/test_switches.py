"""Each setting of critic and optimiser, and what it alone changes in an update, in numbers."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from batches import random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.behaviour.actor_critic import step_weights
from gymnasium import spaces
from tiny import tiny_agent

BOX, ACTION = spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(4)
BATCH = random_batch(BOX, ACTION)


def build(**parts):
    """An agent whose critics, slow ones included, all disagree; ``critic={...}`` changes fields."""
    config = tiny_agent()
    changed = {name: dataclasses.replace(getattr(config, name), **f) for name, f in parts.items()}
    agent = Agent(BOX, ACTION, dataclasses.replace(config, **changed))
    generator = torch.Generator().manual_seed(0)
    for critic in (agent.actor_critic.critic, agent.actor_critic.slow_critic):
        for head in critic.heads:
            head.out.weight.data.normal_(std=0.3, generator=generator)
    return agent


class Watched:
    """One real update of an agent, and what went through it on the way."""

    def __init__(self, agent):
        self.before = copy.deepcopy(agent.actor_critic)
        self._keep(agent.actor_critic, "loss")
        self._keep(agent.actor_critic, "replay_loss")
        self._keep(agent._updater, "_apply")
        self.metrics = agent.update(BATCH).metrics
        (self.trajectories, self.weight), (_, self.returns) = self.calls["loss"]
        self.total = self.calls["_apply"][0][0].item()
        for name in ("loss", "replay_loss"):
            delattr(agent.actor_critic, name)

    def _keep(self, owner, name):
        self.calls = getattr(self, "calls", {})
        method = getattr(owner, name)

        def kept(*arguments):
            result = method(*arguments)
            self.calls[name] = (arguments, result)
            return result

        setattr(owner, name, kept)

    @torch.no_grad()
    def values(self, critic):
        return critic.values(critic(self.trajectories.feature))  # (K, H+1, M)


def test_every_one_of_several_critics_learns_and_is_followed():
    agent = build(critic={"num_critics": 3})
    behaviour = agent.actor_critic
    before = copy.deepcopy(behaviour)
    agent.update(BATCH)
    assert len(behaviour.critic.heads) == len(behaviour.slow_critic.heads) == 3
    for name in ("critic", "slow_critic"):
        pairs = zip(getattr(behaviour, name).heads, getattr(before, name).heads, strict=True)
        assert all(not torch.equal(new.out.weight, old.out.weight) for new, old in pairs)


@pytest.mark.parametrize("reduce", ["min", "mean"])
@pytest.mark.parametrize("target", ["online", "slow"])
def test_returns_bootstrap_from_the_named_critics_reduced_as_named(target, reduce):
    seen = Watched(build(critic={"num_critics": 2, "reduce": reduce, "target": target}))
    values = {
        (name, how): getattr(np, how)(seen.values(critic).numpy(), axis=0)
        for name, critic in (("online", seen.before.critic), ("slow", seen.before.slow_critic))
        for how in ("min", "mean")
    }
    boot = values.pop((target, reduce))
    assert seen.metrics["behaviour/value"] == pytest.approx(boot.mean(), rel=1e-4)
    assert all(abs(other.mean() - boot.mean()) > 1e-2 for other in values.values())
    reward, live = seen.trajectories.reward.numpy(), seen.trajectories.live.numpy()
    following = boot[-1]
    for t in reversed(range(len(boot) - 1)):
        following = reward[t + 1] + live[t + 1] * (0.05 * boot[t + 1] + 0.95 * following)
        np.testing.assert_allclose(seen.returns[t].numpy(), following, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.5])
def test_the_slow_critic_goes_its_rate_of_the_way_to_the_new_critic(rate):
    agent = build(critic={"slow_rate": rate})
    slow, critic = agent.actor_critic.slow_critic, agent.actor_critic.critic
    before = [param.clone() for param in slow.parameters()]
    agent.update(BATCH)
    for old, new, now in zip(before, critic.parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(now, (1 - rate) * old + rate * new.detach())


def test_the_critics_loss_grows_by_the_regularizer_times_the_distance_to_the_slow_critic():
    plain, weighed = (Watched(build(critic={"slow_regularizer": r})) for r in (0.0, 2.5))
    critic, trajectories = weighed.before.critic, weighed.trajectories
    with torch.no_grad():
        log_probs = critic(trajectories.feature[:-1])
        distance = critic.loss(log_probs, weighed.values(weighed.before.slow_critic)[:, :-1])
    expected = 2.5 * (step_weights(trajectories.live) * distance).mean().item()
    grown = weighed.metrics["loss/critic"] - plain.metrics["loss/critic"]
    assert grown == pytest.approx(expected, rel=1e-4)
    assert expected > 0.1


def test_the_total_grows_by_the_scaled_replay_loss():
    without, third, whole = (Watched(build(critic={"replay_loss": s})) for s in (0.0, 0.3, 1.0))
    assert "loss/replay_critic" not in without.metrics
    replay = whole.metrics["loss/replay_critic"]
    assert replay > 0.1
    assert whole.total - without.total == pytest.approx(replay, rel=1e-3)
    assert third.total - without.total == pytest.approx(0.3 * replay, rel=1e-3)


@pytest.mark.parametrize("last", [0, 2])
def test_the_replay_loss_is_given_the_return_imagined_from_the_same_row(last):
    seen = Watched(build(imagination={"last": last}))
    (feature, data, boot), loss = seen.calls["replay_loss"]
    rows = (3, last or 6)
    assert feature.shape[:2] == data.shape == boot.shape == rows
    starts = seen.trajectories.feature[0].unflatten(0, rows)
    torch.testing.assert_close(starts, feature.detach())
    torch.testing.assert_close(boot, seen.returns[0].view(rows))
    np.testing.assert_array_equal(data.reward.numpy(), BATCH.reward[:, -rows[1] :])
    assert seen.metrics["loss/replay_critic"] == pytest.approx(loss.item())


# Optimiser

BASE = {"lr": 1e-2, "warmup_steps": 0}
SMOOTH = BASE | {"eps": 1e-2}  # so that a gradient's size is not divided out again


def reference(param_list, grad_lists, config, lr):
    """The optimiser's documented steps on plain arrays, one tensor at a time."""
    params = [param.copy() for param in param_list]
    mean, square = ([np.zeros_like(param) for param in params] for _ in range(2))
    for step, grads in enumerate(grad_lists, 1):
        if config.agc:
            limits = [
                config.agc * max(config.agc_min_norm, np.linalg.norm(param)) for param in params
            ]
            grads = [
                grad / max(1.0, np.linalg.norm(grad) / limit)
                for grad, limit in zip(grads, limits, strict=True)
            ]
        if config.clip_norm:
            norm = np.sqrt(sum((grad**2).sum() for grad in grads))
            grads = [grad * min(1.0, config.clip_norm / norm) for grad in grads]
        rate = lr * min(1.0, step / config.warmup_steps) if config.warmup_steps else lr
        for i, grad in enumerate(grads):
            square[i] = config.beta2 * square[i] + (1 - config.beta2) * grad**2
            rms = np.sqrt(square[i] / (1 - config.beta2**step)) + config.eps
            entering = grad / rms if config.kind == "laprop" else grad
            mean[i] = config.beta1 * mean[i] + (1 - config.beta1) * entering
            direction = mean[i] if config.kind == "laprop" else mean[i] / rms
            params[i] = params[i] - rate * direction / (1 - config.beta1**step)
    return params


def watch_gradients(optimizer, seen):
    step = optimizer.step

    def kept():
        seen.append([param.grad.double().numpy().copy() for param in optimizer.params])
        step()

    optimizer.step = kept


@pytest.mark.parametrize(
    ("base", "field", "value"),
    [
        (BASE, "kind", "adam"),
        (BASE, "lr", 3e-2),
        (BASE, "actor_lr", 3e-2),
        (BASE, "critic_lr", 3e-2),
        (BASE, "beta1", 0.5),
        (BASE, "beta2", 0.5),
        (BASE, "eps", 1e-2),
        (BASE, "warmup_steps", 4),
        (SMOOTH, "agc", 0.001),
        (SMOOTH, "agc", 0.0),
        (SMOOTH, "agc_min_norm", 10.0),
        (SMOOTH | {"agc": 0.0}, "clip_norm", 0.05),
    ],
)
@pytest.mark.parametrize("part", ["world_model", "actor", "critic"])
def test_each_setting_of_the_optimiser_does_what_it_says_in_every_update(part, base, field, value):
    agent = build(optimizer=base | {field: value})
    optimizer, gradients = agent._updater.optimizers[part], []
    start = [param.detach().double().numpy().copy() for param in optimizer.params]
    watch_gradients(optimizer, gradients)
    for _ in range(3):
        agent.update(BATCH)
    with_it, without = (
        reference(start, gradients, config, getattr(config, f"{part}_lr", None) or config.lr)
        for config in (agent.config.optimizer, build(optimizer=base).config.optimizer)
    )
    for param, expected in zip(optimizer.params, with_it, strict=True):
        np.testing.assert_allclose(param.detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    apart = max(np.abs(a - b).max() for a, b in zip(with_it, without, strict=True))
    concerns_part = not field.endswith("_lr") or field.startswith(part)
    assert (apart > 1e-3) == concerns_part
