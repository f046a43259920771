"""Does it learn? CartPole, a memory task and a reading task; the last line printed is JSON.

``cartpole``: first evaluation with a mean of 475 over 20 fresh episodes, and what came after.
``tmaze``: success by corridor length, and a linear probe for the cue in the latent state.
``text``: return with the words on the screen and without them.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import matplotlib
import numpy as np
from dreamer_agent import Agent, AgentConfig, TrainConfig, load, preset, train
from dreamer_agent.run_dir.train_config import load_yaml, preset_config

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SOLVED = 475.0
"""CartPole-v1 counts as solved from here (of 500)."""
CONFIG = Path(__file__).parent.parent / "examples" / "cartpole.yaml"


@dataclass(frozen=True)
class Point:
    """One evaluation.

    Attributes:
        env_steps: Training steps done.
        score: Mean return of the evaluation's episodes.
        wall_s: Seconds of training so far, evaluations not counted.
    """

    env_steps: int
    score: float
    wall_s: float


@dataclass(frozen=True)
class Run:
    """One training run: its seed, its evaluations, and what those cost."""

    seed: int
    points: list[Point]
    eval_env_steps: int
    eval_wall_s: float

    def summary(self) -> dict[str, Any]:
        """Return the figures of a CartPole run."""
        solved = next((i for i, point in enumerate(self.points) if point.score >= SOLVED), None)
        later = [] if solved is None else [point.score for point in self.points[solved + 1 :]]
        return {
            "seed": self.seed,
            "env_steps_to_475": None if solved is None else self.points[solved].env_steps,
            "wall_s_to_475": None if solved is None else round(self.points[solved].wall_s, 1),
            "lowest_later_mean20": min(later, default=None),
            "last_mean20": self.points[-1].score,
            "wall_s": round(self.points[-1].wall_s, 1),
            "eval_env_steps": self.eval_env_steps,
            "eval_wall_s": round(self.eval_wall_s, 1),
        }


def cartpole(seed: int, env_steps: int, preset_name: str = "paper") -> TrainConfig:
    """Return the configuration of a CartPole run: that of ``examples/cartpole.yaml``."""
    config = dataclasses.replace(load_yaml(CONFIG), seed=seed, env_steps=env_steps)
    if preset_name == "notes":
        replay = preset_config("notes").replay
        config = dataclasses.replace(config, agent=_notes(config.agent), replay=replay)
    return config


def _notes(paper: AgentConfig) -> AgentConfig:
    """Return preset ``notes`` with what the CartPole file says of the task, not of the preset."""
    notes = preset("notes", "xs")
    rates = dataclasses.replace(notes.optimizer, lr=1e-3, actor_lr=3e-4, critic_lr=1e-3)
    return dataclasses.replace(
        notes,
        optimizer=rates,
        vector=paper.vector,
        modalities=paper.modalities,
        actor=paper.actor,
        imagination=paper.imagination,
    )


def tmaze(seed: int, env_steps: int, lengths: Sequence[int], context_every: int) -> TrainConfig:
    """Return the configuration of a T-maze run with sequences of 32 steps."""
    config = cartpole(seed, env_steps)
    agent = dataclasses.replace(
        config.agent,
        vector=preset("paper", "xs").vector,
        modalities={},
        # one bit to remember: what other latents draw at random would only hide it
        rssm=dataclasses.replace(config.agent.rssm, stoch=4),
    )
    return dataclasses.replace(
        config,
        agent=agent,
        env="dreamer_agent:TMaze-v0",
        env_kwargs={"length": list(lengths)},
        num_envs=4,
        replay_ratio=128,
        eval_every_steps=env_steps // 10,
        replay=dataclasses.replace(config.replay, context_every=context_every),
    )


def text(seed: int, env_steps: int, show_text: bool) -> TrainConfig:
    """Return the configuration of a run on the reading task."""
    config = cartpole(seed, env_steps)
    return dataclasses.replace(
        config,
        agent=dataclasses.replace(
            config.agent,
            modalities={},
            # every step is a new question: what comes later would only be noise
            imagination=dataclasses.replace(config.agent.imagination, discount_horizon=3),
        ),
        env="dreamer_agent:ReadText-v0",
        env_kwargs={"show_text": show_text},
        replay_ratio=256,
        eval_every_steps=env_steps // 10,
    )


def run(config: TrainConfig, directory: Path) -> Run:
    """Train, and collect the evaluations as they come."""
    points: list[Point] = []
    costs = {"system/eval_seconds": 0.0, "eval/env_steps": 0.0}
    started = time.monotonic()

    def note(env_steps: int, scalars: dict[str, float]) -> None:
        if "eval/return" not in scalars:
            return
        for name in costs:
            costs[name] += scalars.get(name, 0.0)
        wall_s = time.monotonic() - started - costs["system/eval_seconds"]
        points.append(Point(env_steps, scalars["eval/return"], wall_s))

    train(dataclasses.replace(config, run_dir=str(directory)), on_record=note)
    if not points or points[-1].env_steps + config.eval_every_steps <= config.env_steps:
        raise SystemExit(f"The run stopped before {config.env_steps:,} steps: no result.")
    return Run(config.seed, points, int(costs["eval/env_steps"]), costs["system/eval_seconds"])


def probe_cue(agent: Agent, length: int, num_episodes: int = 200) -> dict[str, float]:
    """Measure success at one corridor length, and how well the state tells the cue at its end.

    The probe is a linear least-squares fit of the cue on half of the episodes' features at the
    junction; its accuracy is that on the other half.
    """
    envs = [gym.make("dreamer_agent:TMaze-v0", length=length) for _ in range(num_episodes)]
    obs = np.stack([env.reset(seed=10_000 + i)[0] for i, env in enumerate(envs)])
    cue = obs[:, 0].copy()
    state = agent.initial_state(num_episodes)
    for step in range(length + 1):
        is_first = np.full(num_episodes, step == 0)
        action, state = agent.act(obs, state, is_first, mode="greedy")
        results = [env.step(a) for env, a in zip(envs, action, strict=True)]
        obs = np.stack([result[0] for result in results])
    feature = agent.features(state).numpy()
    half = num_episodes // 2
    inputs = np.c_[feature, np.ones(num_episodes)]
    weights, *_ = np.linalg.lstsq(inputs[:half], cue[:half], rcond=1e-3)
    accuracy = np.mean(np.sign(inputs[half:] @ weights) == cue[half:])
    success = np.mean([result[4]["success"] for result in results])
    return {"success": float(success), "probe_accuracy": float(accuracy)}


def write_curves(runs: Sequence[Run], stem: Path, title: str, goal: float | None) -> None:
    """Write the evaluations as CSV and as a picture."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    with stem.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seed", "env_steps", "mean_return", "wall_s"])
        for one in runs:
            for point in one.points:
                writer.writerow([one.seed, point.env_steps, point.score, round(point.wall_s, 1)])
    figure, axes = plt.subplots(figsize=(7, 4))
    for one in runs:
        steps, scores = [p.env_steps for p in one.points], [p.score for p in one.points]
        axes.plot(steps, scores, marker=".", label=f"seed {one.seed}")
    if goal is not None:
        axes.axhline(goal, color="grey", linestyle=":", label=f"{goal:g}")
    axes.set(xlabel="environment steps", ylabel="mean return of 20 episodes", title=title)
    axes.legend()
    figure.tight_layout()
    figure.savefig(stem.with_suffix(".png"), dpi=120)


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """Return minimum, median and maximum; a None (never) counts as larger than anything."""
    numbers = sorted(np.inf if value is None else value for value in values)
    picked = {"min": numbers[0], "median": statistics.median(numbers), "max": numbers[-1]}
    return {name: None if np.isinf(value) else value for name, value in picked.items()}


def run_cartpole(options: argparse.Namespace) -> dict[str, Any]:
    """Train on CartPole with one seed or several."""
    seeds = range(options.seeds) if options.seed is None else [options.seed]
    configs = [cartpole(seed, options.env_steps or 5000, options.preset) for seed in seeds]
    runs = []
    # a new process for each run: one's memory does not slow the next
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(options.jobs, maxtasksperchild=1) as pool:
        for one in pool.imap(run_in_temporary, configs):
            runs.append(one)
            print(json.dumps(one.summary()), flush=True)
    name = "cartpole" if options.preset == "paper" else f"cartpole_{options.preset}"
    write_curves(runs, options.out / name, f"CartPole-v1, preset {options.preset}", SOLVED)
    summaries = [one.summary() for one in runs]
    if options.seed is not None:
        return {"task": "cartpole", "preset": options.preset, **summaries[0]}
    figures = ("env_steps_to_475", "lowest_later_mean20", "wall_s_to_475", "wall_s")
    totals = {name: spread([summary[name] for summary in summaries]) for name in figures}
    return {"task": "cartpole", "preset": options.preset, **totals, "runs": summaries}


def run_tmaze(options: argparse.Namespace) -> dict[str, Any]:
    """Train on the T-maze, then test at a fixed length and probe for the cue."""
    config = tmaze(
        options.seed or 0, options.env_steps or 5000, options.lengths, options.context_every
    )

    def measure(path: Path) -> tuple[Run, dict[str, float]]:
        return run(config, path), probe_cue(load(path), options.test_length)

    result, figures = _in_temporary(measure)
    low, high = options.lengths
    name = f"tmaze_{low}_{high}_context_{options.context_every}"
    write_curves([result], options.out / name, f"T-maze, trained on {low} to {high}", 1.0)
    return {
        "task": "tmaze",
        "seed": config.seed,
        "trained_on": [low, high],
        "test_length": options.test_length,
        "sequence_length": config.sequence_length,
        "context_every": options.context_every,
        **figures,
        "wall_s": round(result.points[-1].wall_s, 1),
    }


def run_text(options: argparse.Namespace) -> dict[str, Any]:
    """Train on the reading task with the text and without it."""
    returns = {}
    for show_text in (True, False):
        config = text(options.seed or 0, options.env_steps or 3000, show_text)
        result = run_in_temporary(config)
        name = f"text_{'shown' if show_text else 'blank'}"
        write_curves([result], options.out / name, f"ReadText, {name.replace('_', ' ')}", 10.0)
        returns["with_text" if show_text else "without_text"] = result.points[-1].score
    return {"task": "text", "seed": options.seed or 0, "best": 10.0, "chance": 2.5, **returns}


def run_in_temporary(config: TrainConfig) -> Run:
    """Train as :func:`run` does, and leave nothing on disk."""
    return _in_temporary(lambda path: run(config, path))


def _in_temporary(work: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return work(Path(folder) / "run")


def main() -> None:
    """Run one task and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("cartpole", "tmaze", "text"))
    parser.add_argument("--seed", type=int, help="one run with this seed")
    parser.add_argument("--seeds", type=int, default=5, help="cartpole: seeds 0..N-1 (5)")
    parser.add_argument("--jobs", type=int, default=1, help="cartpole: runs at a time (1)")
    parser.add_argument("--env-steps", type=int, help="training steps")
    parser.add_argument("--preset", choices=("paper", "notes"), default="paper")
    parser.add_argument("--lengths", type=int, nargs=2, default=(1, 20), help="tmaze: trained on")
    parser.add_argument("--test-length", type=int, default=20, help="tmaze: tested at (20)")
    parser.add_argument("--context-every", type=int, default=8, help="tmaze: 0 keeps no latents")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    tasks = {"cartpole": run_cartpole, "tmaze": run_tmaze, "text": run_text}
    print(json.dumps(tasks[options.task](options)))


if __name__ == "__main__":
    main()
