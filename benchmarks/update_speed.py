"""Time one update: seconds, CPU seconds, peak memory and arithmetic; the last line is JSON.

python benchmarks/update_speed.py --size 1m --obs pokered --batch 8 --length 32
python benchmarks/update_speed.py --size matched --encoder cnn2023

``--size matched`` has the widths published comparisons are made at (deter 512, 32 x 32 latents,
units 512, CNN depth 32). ``--obs pixels`` is a random picture of 64 x 64 x 1 with 7 actions,
``pokered`` rows of random play on the open cartridge.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import statistics
import time
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from dreamer_agent import Agent, AgentConfig, Batch, Replay, make_row, preset
from gymnasium import spaces
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

PIXELS = spaces.Dict(image=spaces.Box(0, 255, (64, 64, 1), np.uint8))
NUM_ACTIONS = 7
PLAYED_ROWS = 3000


class _FlopCounter(TorchDispatchMode):
    """Sums the arithmetic of products, convolutions and attention.

    torch's own counter refuses gradients that are taken inside a forward pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        if count := flop_registry.get(func.overloadpacket):
            self.total += count(*args, **(kwargs or {}), out_val=out)
        return out


def build_config(size: str, encoder: str, precision: str, obs: str) -> AgentConfig:
    """Return the agent's configuration at a published size, or at the widths of comparisons."""
    replace = dataclasses.replace
    config = preset("paper", "1m" if size == "matched" else size)  # type: ignore[arg-type]
    image = replace(config.image, stem=encoder)
    if obs == "pokered":
        image = replace(image, likelihood="categorical")
    config = replace(config, image=image, precision=precision)
    if size != "matched":
        return config
    units = 512
    return replace(
        config,
        rssm=replace(config.rssm, deter=512, hidden=512, stoch=32, classes=32),
        image=replace(image, depth=32),
        vector=replace(config.vector, units=units),
        reward_head=replace(config.reward_head, units=units),
        continue_head=replace(config.continue_head, units=units),
        actor=replace(config.actor, units=units),
        critic=replace(config.critic, units=units),
    )


def random_pixels(batch: int, length: int) -> Batch:
    """Return rows of noise without an ending."""
    rng = np.random.default_rng(0)
    shape = (batch, length)
    nothing = np.zeros(shape, bool)
    return Batch(
        obs={"image": rng.integers(0, 256, (*shape, 64, 64, 1), dtype=np.uint8)},
        action=rng.integers(0, NUM_ACTIONS, shape),
        reward=rng.normal(size=shape).astype(np.float32),
        is_first=nothing,
        is_last=nothing,
        is_terminal=nothing,
        ids=np.arange(batch * length).reshape(shape),
    )


def played_rows(env: gym.Env[Any, Any], batch: int, length: int) -> Batch:
    """Press buttons at random and sample what happened."""
    rng = np.random.default_rng(0)
    replay = Replay.for_spaces(
        env.observation_space, env.action_space, batch_size=batch, sequence_length=length
    )
    obs, _ = env.reset(seed=0)
    replay.add(make_row(obs, 0, 0.0, is_first=True))
    for _ in range(PLAYED_ROWS):
        action = rng.integers(env.action_space.n)
        obs, reward, *_ = env.step(action)
        replay.add(make_row(obs, action, float(reward)))
    return replay.sample()


def build(options: argparse.Namespace) -> tuple[Agent, Batch]:
    """Make the agent and the batch it learns from."""
    config = build_config(options.size, options.encoder, options.precision, options.obs)
    if options.obs == "pixels":
        agent = Agent(PIXELS, spaces.Discrete(NUM_ACTIONS), config, seed=0)
        return agent, random_pixels(options.batch, options.length)
    env = gym.make("pokered_env:PokeRed-v0", max_steps=10 * PLAYED_ROWS)
    modalities = env.metadata.get("modalities")
    agent = Agent(env.observation_space, env.action_space, config, modalities=modalities, seed=0)
    batch = played_rows(env, options.batch, options.length)
    env.close()
    return agent, batch


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Time updates after one that warms up."""
    torch.set_num_threads(options.threads)
    agent, batch = build(options)
    with _FlopCounter() as flops:
        agent.update(batch)
    before_mb = _resident_mb()
    seconds, cpu = [], []
    for _ in range(options.updates):
        start, cpu_start = time.perf_counter(), time.process_time()
        agent.update(batch)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return {
        "size": options.size,
        "encoder": options.encoder,
        "obs": options.obs,
        "precision": options.precision,
        "batch": options.batch,
        "length": options.length,
        "threads": options.threads,
        "seconds_per_update": round(statistics.median(seconds), 3),
        "cpu_seconds": round(statistics.median(cpu), 3),
        "cpu_seconds_min": round(min(cpu), 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "between_updates_mb": round(before_mb),
        "params": agent.num_parameters,
        "tflop": round(flops.total / 1e12, 3),
    }


def _resident_mb() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    """Measure what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1m", help="matched, or a size of the presets")
    parser.add_argument("--encoder", default="tile", choices=("tile", "nature", "cnn2023"))
    parser.add_argument("--obs", default="pixels", choices=("pixels", "pokered"))
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--updates", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
