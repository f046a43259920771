"""How agents learn the open cartridge: DreamerV3, SB3's PPO, and random play.

python benchmarks/learning_curves.py ppo --seed 0 --env-steps 600000
python benchmarks/learning_curves.py dreamer --seed 0 --minutes 60     may be repeated: resumes
python benchmarks/learning_curves.py random --seed 0 --env-steps 60000
python benchmarks/learning_curves.py plot                              pictures, and a line of JSON

All play episodes of 1,024 steps from the true start. A row of AGENT_SEED.csv is the mean of the
episodes that ended together, over environment steps and over seconds of training;
AGENT_SEED.json says after how many steps each event first happened. Curves of several seeds are
drawn as their median and range. PPO is tuned for this task as far as a day of trials went:
8 environments, rollouts of 256 steps, 4 epochs of batches of 256, an entropy bonus of 0.01.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Mapping, Sequence
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
    "badges": "badges",
}
SUMMARY_KEYS = ("reward", "num_events", "coverage", "badges")
AGENTS = ("dreamer", "ppo", "random")
PPO_SETTINGS: dict[str, Any] = {
    "n_steps": 256,
    "batch_size": 256,
    "n_epochs": 4,
    "ent_coef": 0.01,
    "gamma": 0.99,
}
PPO_ENVS = 8
POINTS = 200
"""Places along an axis that curves of several seeds are compared at."""


class Curve:
    """Rows of (environment steps, seconds, means of episodes), and first times of events.

    A curve that is there already goes on: its seconds count on from the last row.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._events_path = path.with_suffix(".json")
        self._first_steps: dict[str, int] = {}
        before = _read(path)["seconds"] if path.exists() else []
        if before:
            self._first_steps = json.loads(self._events_path.read_text())
        self._start = time.monotonic() - (before[-1] if before else 0.0)
        self._file = path.open("a", newline="")
        self._writer = csv.writer(self._file)
        if not before:
            self._writer.writerow(["env_steps", "seconds", *COLUMNS])

    def add(self, env_steps: int, row: Sequence[float]) -> None:
        """Append the means of the episodes that ended by now."""
        seconds = round(time.monotonic() - self._start, 1)
        self._writer.writerow([env_steps, seconds, *(round(value, 3) for value in row)])
        self._file.flush()

    def add_summaries(self, env_steps: int, summaries: Sequence[Mapping[str, Any]]) -> None:
        """Append the means of what the environment said of its episodes."""
        self.add(env_steps, [float(np.mean([s[key] for s in summaries])) for key in SUMMARY_KEYS])
        for summary in summaries:
            for name in summary["events"]:
                self._first_steps.setdefault(name, env_steps)
        self._events_path.write_text(json.dumps(self._first_steps, indent=1) + "\n")


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
    """Train Dreamer with examples/cartridge.yaml for so many minutes, or go on training it."""

    def note(env_steps: int, scalars: dict[str, float]) -> None:
        if "episode/return" in scalars:
            curve.add(env_steps, [scalars.get(f"episode/{name}", 0.0) for name in COLUMNS])

    run_dir = options.out / f"dreamer_{options.seed}_run"
    config = replace(
        CONFIG, run_dir=str(run_dir), seed=options.seed, stop_after_minutes=options.minutes
    )
    train(replace(config, threads=options.threads), on_record=note, resume=run_dir.exists())


def run_ppo(curve: Curve, options: argparse.Namespace) -> None:
    """Train SB3's PPO on the same observations."""
    env = make_vec_env(CONFIG.env, PPO_ENVS, env_kwargs=CONFIG.env_kwargs, seed=options.seed)
    model = PPO("MultiInputPolicy", env, seed=options.seed, **PPO_SETTINGS)
    model.learn(options.env_steps, callback=_CurveCallback(curve))


def run_random(curve: Curve, options: argparse.Namespace) -> None:
    """Press buttons at random."""
    envs = [gym.make(CONFIG.env, **CONFIG.env_kwargs) for _ in range(CONFIG.num_envs)]
    rng = np.random.default_rng(options.seed)
    steps_a_round = len(envs) * CONFIG.env_kwargs["max_steps"]
    for number in range(options.env_steps // steps_a_round):
        first_seed = 10_000 * options.seed + number * len(envs)
        summaries = [_play_randomly(env, rng, first_seed + i) for i, env in enumerate(envs)]
        curve.add_summaries((number + 1) * steps_a_round, summaries)


def _play_randomly(env: gym.Env[Any, Any], rng: np.random.Generator, seed: int) -> dict[str, Any]:
    env.reset(seed=seed)
    while True:
        _, _, terminated, truncated, info = env.step(rng.integers(env.action_space.n))
        if terminated or truncated:
            return dict(info["episode_summary"])


def plot(out: Path) -> dict[str, Any]:
    """Draw what there is, and return the mean of each agent's last quarter, over its seeds."""
    curves = {name: [_read(path) for path in sorted(out.glob(f"{name}_*.csv"))] for name in AGENTS}
    curves = {name: runs for name, runs in curves.items() if runs}
    figure, axes = plt.subplots(2, len(COLUMNS), figsize=(4.2 * len(COLUMNS), 7))
    for row, axis_name, unit in ((0, "env_steps", 1.0), (1, "seconds", 60.0)):
        for axis, (column, label) in zip(axes[row], COLUMNS.items(), strict=True):
            for name, runs in curves.items():
                _draw(axis, name, runs, axis_name, column, unit)
            axis.set(title=label, ylim=(0, None))
            axis.set_xlabel("environment steps" if unit == 1 else "minutes")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(out / "learning_curves.png", dpi=100)
    return {name: {"seeds": len(runs), **_last_quarter(runs)} for name, runs in curves.items()}


def _draw(
    axis: Any, name: str, runs: list[dict[str, list[float]]], along: str, column: str, unit: float
) -> None:
    last = min(run[along][-1] for run in runs)
    places = np.linspace(0, last, POINTS)
    values = np.array([np.interp(places, run[along], _smooth(run[column])) for run in runs])
    (line,) = axis.plot(places / unit, np.median(values, 0), label=name)
    axis.fill_between(
        places / unit, values.min(0), values.max(0), color=line.get_color(), alpha=0.2
    )


def _read(path: Path) -> dict[str, list[float]]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    names = ("env_steps", "seconds", *COLUMNS)
    return {name: [float(row[name]) for row in rows] for name in names}


def _smooth(values: Sequence[float], width: int = 5) -> list[float]:
    return [float(np.mean(values[max(0, i + 1 - width) : i + 1])) for i in range(len(values))]


def _last_quarter(runs: list[dict[str, list[float]]]) -> dict[str, float]:
    def median(name: str) -> float:
        means = [np.mean(run[name][len(run[name]) * 3 // 4 :]) for run in runs]
        return round(float(np.median(means)), 2)

    return {
        "env_steps": min(run["env_steps"][-1] for run in runs),
        **{n: median(n) for n in COLUMNS},
    }


def main() -> None:
    """Train one of the agents, or draw them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=(*AGENTS, "plot"))
    parser.add_argument("--minutes", type=float, default=60.0, help="dreamer: of training")
    parser.add_argument("--env-steps", type=int, default=60_000, help="ppo, random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cartridge"))
    options = parser.parse_args()
    if options.what == "plot":
        print(json.dumps(plot(options.out)))
        return
    torch.set_num_threads(options.threads)
    path = options.out / f"{options.what}_{options.seed}.csv"
    if options.what != "dreamer" and path.exists():
        parser.error(f"{path} is there already: move it away, or choose another --seed or --out")
    runs = {"dreamer": run_dreamer, "ppo": run_ppo, "random": run_random}
    runs[options.what](Curve(path), options)


if __name__ == "__main__":
    main()
