"""A sequence that starts from a stored latent goes on as from the exact one."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from batches import HINTS, SMALL_GAME, random_batch
from dreamer_agent import Agent
from dreamer_agent.model.distributions import categorical_kl
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.replay.context import ContextStore
from dreamer_agent.run_dir.train_config import preset_config
from gymnasium import spaces
from tiny import tiny_agent

ROWS = np.arange(8)


def stored(sizes, deter, stoch):
    store = ContextStore(1, 100, 1, *sizes)
    store.write(np.zeros_like(ROWS), ROWS, deter, stoch)
    return store.read(np.zeros_like(ROWS), ROWS)


def filtered(model, data, state):
    data = dataclasses.replace(data, context=state)
    posterior, logits = model.observe(data, mode="mode")
    return posterior, model.rssm.log_probs(logits)


@torch.no_grad()
def test_posteriors_and_dreams_from_a_stored_start_are_those_from_the_exact_one():
    agent = Agent(SMALL_GAME, spaces.Discrete(3), tiny_agent(), modalities=HINTS, seed=0)
    model, config = agent.world_model, agent.config.rssm
    batch = random_batch(SMALL_GAME, spaces.Discrete(3), batch=8, length=24)
    with torch.enable_grad():
        for _ in range(30):
            agent.update_world_model(batch)
    model.eval()
    data = model.tensors(dataclasses.replace(batch, is_first=np.zeros_like(batch.is_first)))
    before, after = data.steps(slice(16)), data.steps(slice(16, None))
    posterior, _ = model.observe(before, mode="mode")
    exact = RSSMState(posterior.deter[:, -1], posterior.stoch[:, -1])
    sizes = (config.deter, config.stoch, config.classes)
    back = stored(sizes, exact.deter.numpy(), exact.stoch.argmax(-1).numpy())
    onehot = torch.nn.functional.one_hot(torch.as_tensor(back["stoch"]), config.classes)
    start = RSSMState(torch.as_tensor(back["deter"]), onehot.float())
    states = {"exact": exact, "stored": start, "zero": model.rssm.initial_state(8)}
    found = {name: filtered(model, after, state) for name, state in states.items()}

    def distance(name):
        return float(categorical_kl(found["exact"][1], found[name][1]).mean())

    assert distance("zero") > 0 and distance("stored") < 0.01 * distance("zero")
    for rows in (0, 3):  # dreams after so many rows of context
        dreams = {}
        for name in states:
            now = states[name]
            if rows:
                seen = found[name][0]
                now = RSSMState(seen.deter[:, rows - 1], seen.stoch[:, rows - 1])
            for t in range(rows, 8):
                now = model.rssm.imagine_step(now, after.action[:, t], None)
            dreams[name] = now.deter
        off = {name: (dream - dreams["exact"]).abs().mean() for name, dream in dreams.items()}
        assert off["stored"] < 0.05 * off["zero"] or off["stored"] < 1e-4


def test_a_latent_comes_back_within_half_a_level_of_its_largest_number():
    rng = np.random.default_rng(0)
    deter = (rng.normal(size=(8, 64)) * 10.0 ** np.arange(-4, 4)[:, None]).astype(np.float32)
    deter[0] = 0
    stoch = rng.integers(5, size=(8, 3))
    back = stored((64, 3, 5), deter, stoch)
    largest = np.abs(deter).max(1, keepdims=True)
    assert back["deter"].dtype == np.float32
    assert (np.abs(back["deter"] - deter) <= largest * 0.501 / 127).all()
    assert (back["deter"][np.abs(deter) == largest] == deter[np.abs(deter) == largest]).all()
    assert np.array_equal(back["stoch"], stoch) and back["valid"].all()


def test_a_latent_that_is_not_finite_is_not_kept():
    deter = np.ones((8, 4), np.float32)
    deter[2, 1], deter[5, 0] = np.nan, -np.inf
    back = stored((4, 1, 3), deter, np.zeros((8, 1), np.int64))
    assert back["valid"].tolist() == [row not in (2, 5) for row in ROWS]
    assert np.isfinite(back["deter"]).all()


def test_presets_keep_the_latents_of_a_row_below_200_bytes_up_to_size_100m():
    for size in ("xs", "1m", "12m", "25m", "50m", "100m"):
        config = preset_config("paper", size)
        store = ContextStore(1, 4096, config.replay.context_every, *config.latent_sizes)
        rows = np.flatnonzero(store.has_slot(np.arange(4096)))
        deter, num_stoch, _ = config.latent_sizes
        zeros = np.zeros((len(rows), deter)), np.zeros((len(rows), num_stoch), np.int64)
        store.write(np.zeros_like(rows), rows, *zeros)
        assert 20 < store.num_bytes() / 4096 < 200
