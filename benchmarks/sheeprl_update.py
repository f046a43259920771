"""Time one update of sheeprl's dreamer_v3; run by compare_sheeprl.py in sheeprl's own environment.

Its sizes are those of ``update_speed.py --size matched``: deter 512, 32 x 32 latents, units 512,
CNN depth 32, one hidden layer more or less where the two designs differ. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from typing import Any

import gymnasium as gym
import hydra
import numpy as np
import torch
from lightning.fabric import Fabric
from omegaconf import OmegaConf
from sheeprl.algos.dreamer_v3.agent import build_agent
from sheeprl.algos.dreamer_v3.dreamer_v3 import train
from sheeprl.algos.dreamer_v3.utils import Moments
from sheeprl.utils.utils import dotdict

NUM_ACTIONS = 7
OVERRIDES = [
    "exp=dreamer_v3",
    "algo=dreamer_v3_S",
    "env=gym",
    "env.id=CartPole-v1",
    "env.grayscale=True",
    "algo.cnn_keys.encoder=[rgb]",
    "algo.mlp_keys.encoder=[]",
]


def random_pixels(batch: int, length: int) -> dict[str, torch.Tensor]:
    """Return rows of noise without an ending, time first."""
    rng = np.random.default_rng(0)
    shape = (length, batch)
    actions = rng.integers(0, NUM_ACTIONS, shape)
    zeros = torch.zeros(*shape, 1)
    return {
        "rgb": torch.as_tensor(rng.integers(0, 256, (*shape, 1, 64, 64), dtype=np.uint8)),
        "actions": torch.nn.functional.one_hot(torch.as_tensor(actions), NUM_ACTIONS).float(),
        "rewards": torch.as_tensor(rng.normal(size=(*shape, 1)).astype(np.float32)),
        "terminated": zeros,
        "truncated": zeros,
        "is_first": torch.cat([torch.ones(1, batch, 1), zeros[1:]]),
    }


def build(cfg: Any, fabric: Fabric) -> tuple[Any, ...]:
    """Return models and optimisers, in the order that ``train`` takes them."""
    space = gym.spaces.Dict(rgb=gym.spaces.Box(0, 255, (1, 64, 64), np.uint8))
    models = build_agent(fabric, (NUM_ACTIONS,), False, cfg, space)[:4]
    parts = (cfg.algo.world_model, cfg.algo.actor, cfg.algo.critic)
    optimizers = [
        hydra.utils.instantiate(part.optimizer, params=model.parameters(), _convert_="all")
        for part, model in zip(parts, models[:3], strict=True)
    ]
    return (*models, *fabric.setup_optimizers(*optimizers))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Time updates after one that warms up."""
    torch.set_num_threads(options.threads)
    with hydra.initialize_config_module("sheeprl.configs", version_base="1.3"):
        cfg = dotdict(OmegaConf.to_container(hydra.compose("config", OVERRIDES), resolve=True))
    # as sheeprl's own command does
    torch.distributions.Distribution.set_default_validate_args(cfg.distribution.validate_args)
    torch.set_float32_matmul_precision(cfg.float32_matmul_precision)
    fabric = Fabric(accelerator="cpu", devices=1, precision=options.precision)
    parts = build(cfg, fabric)
    limits = cfg.algo.actor.moments
    moments = Moments(limits.decay, limits.max, limits.percentile.low, limits.percentile.high)
    data = random_pixels(options.batch, options.length)
    train(fabric, *parts, data, None, cfg, False, (NUM_ACTIONS,), moments)
    seconds, cpu = [], []
    for _ in range(options.updates):
        start, cpu_start = time.perf_counter(), time.process_time()
        train(fabric, *parts, data, None, cfg, False, (NUM_ACTIONS,), moments)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return {
        "seconds_per_update": round(statistics.median(seconds), 3),
        "cpu_seconds": round(statistics.median(cpu), 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "params": sum(p.numel() for model in parts[:3] for p in model.parameters()),
    }


def main() -> None:
    """Measure what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--updates", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="32-true")
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
