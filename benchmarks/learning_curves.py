"""How three agents learn the open cartridge: DreamerV3, SB3's PPO, and random play.

python benchmarks/learning_curves.py dreamer --minutes 30     trains; writes dreamer.csv
python benchmarks/learning_curves.py ppo --env-steps 60000    as many steps as the other took
python benchmarks/learning_curves.py random --env-steps 60000
python benchmarks/learning_curves.py plot                     the picture, and a line of JSON

All three play the same four environments; every row of a CSV is the mean of the four episodes that
end together. PPO is stock: ``MultiInputPolicy``, SB3's own settings but the rollout's length.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import matplotlib
import numpy as np
import torch
from dreamer_agent import train
from dreamer_agent.run_dir.train_config import load_yaml
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CONFIG = load_yaml(Path(__file__).parent.parent / "examples" / "cartridge.yaml")
COLUMNS = {
    "return": "return of an episode",
    "num_events": "event flags",
    "coverage": "tiles stood on",
}
AGENTS = ("dreamer", "ppo", "random")


class Curve:
    """Rows of (environment steps, return, events, tiles), written as they come."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(["env_steps", *COLUMNS])

    def add(self, env_steps: int, row: Sequence[float]) -> None:
        """Append the means of the episodes that ended by now."""
        self._writer.writerow([env_steps, *(round(value, 3) for value in row)])
        self._file.flush()

    def add_summaries(self, env_steps: int, summaries: Sequence[dict[str, Any]]) -> None:
        """Append the means of what the environment said of its episodes."""
        names = ("reward", "num_events", "coverage")
        self.add(env_steps, [float(np.mean([one[name] for one in summaries])) for name in names])


class _CurveCallback(BaseCallback):
    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve

    def _on_step(self) -> bool:
        infos = self.locals["infos"]
        if ended := [info["episode_summary"] for info in infos if "episode_summary" in info]:
            self._curve.add_summaries(self.num_timesteps, ended)
        return True


def run_dreamer(curve: Curve, options: argparse.Namespace) -> None:
    """Train Dreamer with examples/cartridge.yaml for so many minutes."""

    def note(env_steps: int, scalars: dict[str, float]) -> None:
        if "episode/return" in scalars:
            curve.add(env_steps, [scalars[f"episode/{name}"] for name in COLUMNS])

    run_dir = str(options.out / "dreamer_run")
    minutes = {"stop_after_minutes": options.minutes, "seed": options.seed}
    train(replace(CONFIG, run_dir=run_dir, **minutes), on_record=note)


def run_ppo(curve: Curve, options: argparse.Namespace) -> None:
    """Train SB3's PPO on the same observations."""
    torch.set_num_threads(2)
    env = make_vec_env(CONFIG.env, CONFIG.num_envs, env_kwargs=CONFIG.env_kwargs)
    model = PPO("MultiInputPolicy", env, n_steps=512, seed=options.seed)
    model.learn(options.env_steps, callback=_CurveCallback(curve))


def run_random(curve: Curve, options: argparse.Namespace) -> None:
    """Press buttons at random."""
    envs = [gym.make(CONFIG.env, **CONFIG.env_kwargs) for _ in range(CONFIG.num_envs)]
    rng = np.random.default_rng(options.seed)
    episode = 0
    while (episode + 1) * len(envs) * CONFIG.env_kwargs["max_steps"] <= options.env_steps:
        summaries = [
            _play_randomly(env, rng, episode * len(envs) + i) for i, env in enumerate(envs)
        ]
        episode += 1
        curve.add_summaries(episode * len(envs) * CONFIG.env_kwargs["max_steps"], summaries)


def _play_randomly(env: gym.Env[Any, Any], rng: np.random.Generator, seed: int) -> dict[str, Any]:
    env.reset(seed=seed)
    while True:
        _, _, terminated, truncated, info = env.step(rng.integers(env.action_space.n))
        if terminated or truncated:
            return dict(info["episode_summary"])


def plot(out: Path) -> dict[str, Any]:
    """Draw what there is, and return the mean of each curve's last quarter."""
    curves = {name: _read(out / f"{name}.csv") for name in AGENTS if (out / f"{name}.csv").exists()}
    figure, axes = plt.subplots(1, len(COLUMNS), figsize=(13, 4))
    for axis, column, label in zip(axes, COLUMNS, COLUMNS.values(), strict=True):
        for name, rows in curves.items():
            (line,) = axis.plot(rows["env_steps"], rows[column], alpha=0.3)
            axis.plot(rows["env_steps"], _smooth(rows[column]), color=line.get_color(), label=name)
        axis.set(xlabel="environment steps", title=label, ylim=(0, None))
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(out / "learning_curves.png", dpi=110)
    return {name: _last_quarter(rows) for name, rows in curves.items()}


def _read(path: Path) -> dict[str, list[float]]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in ("env_steps", *COLUMNS)}


def _smooth(values: Sequence[float], width: int = 5) -> list[float]:
    return [float(np.mean(values[max(0, i + 1 - width) : i + 1])) for i in range(len(values))]


def _last_quarter(rows: dict[str, list[float]]) -> dict[str, float]:
    first = len(rows["env_steps"]) * 3 // 4
    means = {name: round(float(np.mean(rows[name][first:])), 2) for name in COLUMNS}
    return {"env_steps": rows["env_steps"][-1], **means}


def main() -> None:
    """Train one of the agents, or draw them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=(*AGENTS, "plot"))
    parser.add_argument("--minutes", type=float, default=30.0, help="dreamer: of training")
    parser.add_argument("--env-steps", type=int, default=60_000, help="ppo, random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cartridge"))
    options = parser.parse_args()
    if options.what == "plot":
        print(json.dumps(plot(options.out)))
        return
    runs = {"dreamer": run_dreamer, "ppo": run_ppo, "random": run_random}
    runs[options.what](Curve(options.out / f"{options.what}.csv"), options)


if __name__ == "__main__":
    main()
