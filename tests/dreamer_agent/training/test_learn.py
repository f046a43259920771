"""The learner returns what it found out to the replay, and counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.agent import Agent
from dreamer_agent.errors import ReplayError
from dreamer_agent.replay import Replay, ReplayConfig, make_row
from dreamer_agent.training.learn import Learner
from gymnasium import spaces
from tiny import tiny_agent

OBS, ACTION = spaces.Dict(x=spaces.Box(-1, 1, (3,), np.float32)), spaces.Discrete(2)


def build(rows=40, world_model_only=False):
    agent = Agent(OBS, ACTION, tiny_agent())
    replay = Replay.for_spaces(
        OBS,
        ACTION,
        batch_size=4,
        sequence_length=8,
        config=ReplayConfig(context_every=4, prefetch=False),
        latent_sizes=(16, 4, 4),
    )
    rng = np.random.default_rng(0)
    for index in range(rows):
        obs = {"x": rng.uniform(-1, 1, 3).astype(np.float32)}
        replay.add(make_row(obs, index % 2, 0.5, is_first=index == 0))
    return agent, replay, Learner(agent, replay, world_model_only)


def test_the_next_sequences_start_from_the_latents_of_the_last_update(monkeypatch):
    agent, replay, learner = build()
    kept = {}

    def update(batch):
        result = Agent.update(agent, batch)
        kept.update(
            zip(batch.ids.ravel().tolist(), result.deter.reshape(-1, 16).tolist(), strict=True)
        )
        return result

    monkeypatch.setattr(learner, "_update", update)
    for _ in range(10):
        learner.update()
    batch, found = replay.sample(), 0
    for index, start in enumerate(batch.ids[:, 0].tolist()):
        assert batch.context["valid"][index] == (start - 1 in kept)
        if start - 1 in kept:
            stored, exact = batch.context["deter"][index], kept[start - 1]
            np.testing.assert_allclose(stored, exact, atol=np.abs(exact).max() / 250)
            found += 1
    assert found


def test_a_state_brings_back_counter_and_generators():
    agent, _, learner = build()
    learner.update()
    state = learner.state()
    learner.update()
    again, _, other = build()
    other.update()
    again.load_state_dict(agent.state_dict())
    other.restore(state)
    assert other.weights_version == 1 and learner.weights_version == 2
    assert all(torch.equal(again.rng_state()[name], value) for name, value in state["rng"].items())


def test_the_world_model_can_learn_alone():
    agent, _, learner = build(world_model_only=True)
    before = {name: value.clone() for name, value in agent.state_dict().items()}
    learner.update()
    changed = {n.split(".")[0] for n, v in agent.state_dict().items() if not v.equal(before[n])}
    assert changed == {"world_model"}


def test_an_empty_replay_is_refused_and_not_counted():
    _, _, learner = build(rows=3)
    with pytest.raises(ReplayError, match="3 rows"):
        learner.update()
    assert learner.weights_version == 0
