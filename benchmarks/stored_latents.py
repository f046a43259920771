"""Are sequences that start from stored latents as good as from exact ones? The last line is JSON.

python benchmarks/stored_latents.py                    250 updates at size 1m, then compares

A world model learns recorded play of the open cartridge. Then long sequences are filtered; in
their middle the state goes through the replay's latents and back, and the rows after it are
filtered and dreamt from the exact state, from what came back, and from the zero state. ``kl`` is
the posterior's distance in nats from the exact start's after so many rows; ``dream`` the error of
the screens (mean squared, pixels in [0, 1]) over the next rows imagined from there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from dreamer_agent import Agent, Batch, Replay, preset
from dreamer_agent.model.distributions import categorical_kl
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.model.tensors import TensorBatch
from pokered_env import PokeRedEnv
from replay import PLAYERS, record, recorded

LENGTH = 32
AFTER = (1, 2, 4, 8, 16)
DREAM = 8


def learn(agent: Agent, replay: Replay, updates: int) -> None:
    """Train the world model."""
    for _ in range(updates):
        batch = replay.sample()
        update = agent.update_world_model(batch)
        replay.write_latents(batch.ids, update.deter, update.stoch)


def play_into(replay: Replay, num_rows: int) -> None:
    """Record play and add it."""
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder), num_rows // len(PLAYERS))
        for stream, player in enumerate(PLAYERS):
            columns = recorded(Path(folder), player)
            for index in range(len(columns["reward"])):
                replay.add({name: column[index] for name, column in columns.items()}, stream)


def through_the_replay(replay: Replay, batch: Batch, state: RSSMState) -> RSSMState:
    """Store the states as the replay stores them, and read them back."""
    ids = batch.ids[:, LENGTH - 1]
    context = replay._context
    assert context is not None
    streams, rows = ids >> 40, ids & (1 << 40) - 1
    context.write(streams, rows, state.deter.numpy(), state.stoch.argmax(-1).numpy())
    back = context.read(streams, rows)
    assert back["valid"].all()
    stoch = torch.nn.functional.one_hot(torch.as_tensor(back["stoch"]), state.stoch.shape[-1])
    return RSSMState(torch.as_tensor(back["deter"]), stoch.float())


@torch.no_grad()
def compare(agent: Agent, replay: Replay) -> dict[str, dict[str, float]]:
    """Filter and dream from each kind of start."""
    model = agent.world_model.eval()
    batch = replay.sample()
    data = model.tensors(batch)
    before, after = data.steps(slice(LENGTH)), data.steps(slice(LENGTH, None))
    before = dataclasses.replace(before, context=None)
    posterior, _ = model.observe(before, mode="mode")
    exact = RSSMState(posterior.deter[:, -1], posterior.stoch[:, -1])
    starts = {
        "exact": exact,
        "stored": through_the_replay(replay, batch, exact),
        "zero": model.rssm.initial_state(len(exact.deter)),
    }
    found, reference = {}, None
    for name, state in starts.items():
        data = dataclasses.replace(after, context=state, burn_in=None)
        _, logits = model.observe(data, mode="mode")
        log_q = model.rssm.log_probs(logits)
        reference = log_q if reference is None else reference
        distance = categorical_kl(reference, log_q).mean(0)
        numbers = {f"kl_{rows}": float(distance[rows - 1]) for rows in AFTER}
        found[name] = numbers | {f"dream_{rows}": dream(agent, data, rows) for rows in (1, 4)}
    return found


def dream(agent: Agent, data: TensorBatch, context_rows: int) -> float:
    """Mean squared error of the screens imagined after so many rows."""
    data = data.steps(slice(context_rows + DREAM))
    loop = agent.world_model.open_loop(data, context_rows, mode="mode")
    truth, prediction = (
        screens[:, context_rows:].astype(np.float32) / 255
        for screens in loop.observations["screen"]
    )
    return float(((truth - prediction) ** 2).mean())


def main() -> None:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1m")
    parser.add_argument("--updates", type=int, default=250, help="updates of 8 x 64 rows")
    parser.add_argument("--rows", type=int, default=12_288)
    parser.add_argument("--batches", type=int, default=8, help="batches compared")
    options = parser.parse_args()
    env = PokeRedEnv()
    config = preset("paper", options.size)
    optimizer = dataclasses.replace(config.optimizer, lr=4e-4, warmup_steps=20)
    config = dataclasses.replace(config, optimizer=optimizer)
    spaces = (env.observation_space, env.action_space)
    agent = Agent(*spaces, config, modalities=env.metadata["modalities"])
    env.close()
    sizes = (config.rssm.deter, config.rssm.stoch, config.rssm.classes)
    shape = {"batch_size": 8, "sequence_length": 2 * LENGTH}
    replay = Replay.for_spaces(*spaces, num_streams=len(PLAYERS), latent_sizes=sizes, **shape)
    play_into(replay, options.rows)
    learn(agent, replay, options.updates)
    batches = [compare(agent, replay) for _ in range(options.batches)]
    means = {
        start: {
            name: float(f"{np.mean([found[start][name] for found in batches]):.3g}")
            for name in numbers
        }
        for start, numbers in batches[0].items()
    }
    for start, numbers in means.items():
        print(f"{start:7}", *(f"{name} {value:g}" for name, value in numbers.items()))
    print(json.dumps({**vars(options), **means}))


if __name__ == "__main__":
    main()
