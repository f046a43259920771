"""One update at tiny sizes, against numbers that were compared with the official JAX code.

The stored losses equal the official ones to 6-7 digits, the gradients to 1e-3 relative.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from dreamer_agent import Agent, preset
from dreamer_agent.replay.batch import Batch
from gymnasium import spaces

ACTIONS = {"discrete": spaces.Discrete(3), "box": spaces.Box(-1, 1, (2,), np.float32)}
UNIFORM, NORMAL = 0.37, 0.4


def _config():
    config = preset("paper", size="xs")
    replace = dataclasses.replace
    return replace(
        config,
        precision="float32",
        rssm=replace(config.rssm, deter=32, hidden=16, stoch=4, classes=4, blocks=4),
        vector=replace(config.vector, layers=3, units=24),
        reward_head=replace(config.reward_head, units=20),
        continue_head=replace(config.continue_head, units=20),
        actor=replace(config.actor, units=20, unimix=0.0),
        critic=replace(config.critic, units=20),
    )


def _batch(golden):
    fields = ("action", "reward", "is_first", "is_last", "is_terminal")
    ids = np.arange(golden["reward"].size).reshape(golden["reward"].shape)
    return Batch(
        obs={"observation": golden["obs"]}, ids=ids, **{name: golden[name] for name in fields}
    )


def _part(golden, prefix):
    return {name[2:]: golden[name] for name in golden if name.startswith(prefix)}


@pytest.fixture(params=ACTIONS)
def updated(request, monkeypatch):
    """The stored numbers, and the agent, gradients and result of the same update."""
    with np.load(Path(__file__).parent / "parity" / f"{request.param}.npz") as file:
        golden = dict(file)
    space = spaces.Box(-np.inf, np.inf, (5,), np.float32)
    agent = Agent(space, ACTIONS[request.param], _config())
    agent.load_state_dict(
        {name: torch.as_tensor(weight) for name, weight in _part(golden, "w:").items()}
    )
    grads = {}
    for part in ("world_model", "actor_critic"):
        for name, param in getattr(agent, part).named_parameters():
            if param.requires_grad:
                keep = _keeper(grads, f"{part}.{name}")
                param.register_post_accumulate_grad_hook(keep)
    with monkeypatch.context() as fixed:
        fixed.setattr(torch, "rand", lambda size, **_: torch.full(tuple(size), UNIFORM))
        fixed.setattr(torch, "randn", lambda size, **_: torch.full(tuple(size), NORMAL))
        result = agent.update(_batch(golden))
    return golden, agent, grads, result


def _keeper(grads, name):
    def keep(param):
        grads[name] = param.grad.clone()

    return keep


def test_losses_and_statistics_equal_the_official_ones(updated):
    golden, _, _, result = updated
    for name, value in _part(golden, "m:").items():
        assert result.metrics[name] == pytest.approx(float(value), rel=2e-5, abs=1e-6), name


def test_posterior_is_the_official_one(updated):
    golden, _, _, result = updated
    np.testing.assert_allclose(result.deter, golden["deter"], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(result.stoch, golden["stoch"])


def test_every_gradient_equals_the_official_one(updated):
    golden, _, grads, _ = updated
    expected = _part(golden, "g:")
    assert grads.keys() == expected.keys()
    for name, gradient in expected.items():
        error = np.linalg.norm(grads[name].numpy() - gradient)
        assert error <= 1e-3 * np.linalg.norm(gradient) + 1e-7, name


def test_every_weight_after_the_step_equals_the_official_one(updated):
    golden, agent, _, _ = updated
    state, before = agent.state_dict(), _part(golden, "w:")
    for name, after in _part(golden, "a:").items():
        step = np.abs(after - before[name]).max()
        error = np.abs(state[name].numpy() - after).max()
        assert error <= 1e-2 * step + 1e-7 * (1 + np.abs(after).max()), name
