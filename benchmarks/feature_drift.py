"""What helps a policy whose world model learns beside it: nothing, fresh features, a slow copy.

    python benchmarks/feature_drift.py --seeds 3 --steps 30000

PPO learns CartPole on the features of a world model that begins nearly untrained and learns at
1e-3, so that the features move far after every rollout. One line of JSON for each variant: the mean
return of the last third of training (median and range over seeds), and the mean drift.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from dreamer_agent import TrainConfig, preset
from dreamer_agent import train as train_dreamer
from hybrid_ppo import CoTrainConfig, HybridConfig, PPOConfig, train

VARIANTS: dict[str, dict[str, Any]] = {
    "as collected": {},
    "refreshed": {"refresh_below": 2.0},
    "refreshed below 0.9": {"refresh_below": 0.9},
    "slow copy 0.02": {"slow_rate": 0.02},
}
COTRAIN = CoTrainConfig(updates_per_rollout=16, batch_size=8, sequence_length=16)


def make_world_model(root: Path, seed: int) -> Path:
    """Train a world model hardly at all, with a quick optimiser."""
    agent = preset("paper", "xs")
    optimizer = replace(agent.optimizer, lr=1e-3, warmup_steps=0)
    settings = TrainConfig(
        env="CartPole-v1",
        run_dir=str(root / f"world_{seed}"),
        seed=seed,
        env_steps=200,
        prefill_steps=150,
        batch_size=4,
        sequence_length=16,
        replay_ratio=4,
        video_every_steps=0,
        agent=replace(agent, optimizer=optimizer),
    )
    return train_dreamer(settings)


def measure(world_model: Path, run: Path, changes: dict[str, Any], steps: int, seed: int) -> Any:
    """Co-train once; return late return, and drift."""
    config = HybridConfig(
        world_model=world_model,
        run_dir=run,
        steps=steps,
        num_envs=4,
        seed=seed,
        freeze_world_model=False,
        ppo=PPOConfig(n_steps=128, batch_size=128),
        cotrain=replace(COTRAIN, **changes),
    )
    train(config)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    late = [line for line in lines if line["env_steps"] > 2 * steps / 3]
    returns = [line["episode/return"] for line in late if "episode/return" in line]
    cosines = [line["drift/cosine"] for line in lines if "drift/cosine" in line]
    return sum(returns) / len(returns), sum(cosines) / len(cosines)


def main() -> None:
    """Measure every variant with every seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    root = Path(tempfile.mkdtemp())
    worlds = [make_world_model(root, seed) for seed in range(options.seeds)]
    for number, (name, changes) in enumerate(VARIANTS.items()):
        runs = [
            measure(world, root / f"{number}_{seed}", changes, options.steps, seed)
            for seed, world in enumerate(worlds)
        ]
        returns = [value for value, _ in runs]
        figures = {
            "variant": name,
            "return": round(median(returns), 1),
            "lowest": round(min(returns), 1),
            "highest": round(max(returns), 1),
            "cosine": round(median(cosine for _, cosine in runs), 3),
        }
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
