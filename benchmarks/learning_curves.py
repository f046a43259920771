"""How agents learn the open cartridge: DreamerV3, SB3's PPO, and random play.

python benchmarks/learning_curves.py ppo --seed 0 --env-steps 600000
python benchmarks/learning_curves.py dreamer --seed 0 --minutes 60     may be repeated: resumes
python benchmarks/learning_curves.py random --seed 0 --env-steps 60000
python benchmarks/learning_curves.py plot                              pictures, and a line of JSON

All play episodes of 1,024 steps from the true start, and draw their actions from the policy. A row
of AGENT_SEED.csv is the mean of the training episodes that ended together, over environment steps
and over seconds of training; AGENT_SEED.json says after how many steps each event first happened.
A run ends with the same 16 episodes for every agent, of seeds that training never sees:
AGENT_SEED_eval.json. Curves of several seeds are drawn as their median and range. PPO is tuned for
this task as far as a day of trials went: 8 environments, rollouts of 256 steps, 4 epochs of batches
of 256, an entropy bonus of 0.01.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from curves import COLUMNS, Curve, plot
from dreamer_agent import Agent, load, train
from dreamer_agent.run_dir.train_config import load_yaml
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

CONFIG = load_yaml(Path(__file__).parent.parent / "examples" / "cartridge.yaml")
AGENTS = ("dreamer", "ppo", "random")
PPO_SETTINGS: dict[str, Any] = {
    "n_steps": 256,
    "batch_size": 256,
    "n_epochs": 4,
    "ent_coef": 0.01,
    "gamma": 0.99,
}
PPO_ENVS = 8
EVALUATION_EPISODES = 16
EVALUATION_SEED = 1_000_000

Player = Callable[[dict[str, Any], bool], int]
"""From an observation, and whether it begins an episode, to an action."""


class _CurveCallback(BaseCallback):
    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve

    def _on_step(self) -> bool:
        infos = self.locals["infos"]
        if ended := [info["episode_summary"] for info in infos if "episode_summary" in info]:
            self._curve.add_summaries(self.num_timesteps, ended)
        return True


def run_dreamer(curve: Curve, options: argparse.Namespace) -> Player:
    """Train Dreamer with examples/cartridge.yaml for so many minutes, or go on training it."""

    def note(env_steps: int, scalars: dict[str, float]) -> None:
        if "episode/return" in scalars:
            curve.add(env_steps, [scalars.get(f"episode/{name}", 0.0) for name in COLUMNS])

    run_dir = options.out / f"dreamer_{options.seed}_run"
    config = replace(
        CONFIG, run_dir=str(run_dir), seed=options.seed, stop_after_minutes=options.minutes
    )
    train(replace(config, threads=options.threads), on_record=note, resume=run_dir.exists())
    return _dreamer_player(load(run_dir))


def _dreamer_player(agent: Agent) -> Player:
    state = agent.initial_state(1)

    def act(obs: dict[str, Any], is_first: bool) -> int:
        nonlocal state
        batch = {key: value[None] for key, value in obs.items()}
        actions, state = agent.act(batch, state, np.array([is_first]), mode="sample")
        return int(actions[0])

    return act


def run_ppo(curve: Curve, options: argparse.Namespace) -> Player:
    """Train SB3's PPO on the same observations."""
    env = make_vec_env(CONFIG.env, PPO_ENVS, env_kwargs=CONFIG.env_kwargs, seed=options.seed)
    model = PPO("MultiInputPolicy", env, seed=options.seed, **PPO_SETTINGS)
    model.learn(options.env_steps, callback=_CurveCallback(curve))
    return lambda obs, is_first: int(model.predict(obs)[0])


def run_random(curve: Curve, options: argparse.Namespace) -> Player:
    """Press buttons at random."""
    env = gym.make(CONFIG.env, **CONFIG.env_kwargs)
    rng = np.random.default_rng(options.seed)

    def act(obs: dict[str, Any], is_first: bool) -> int:
        return int(rng.integers(env.action_space.n))

    steps = CONFIG.env_kwargs["max_steps"]
    for number in range(options.env_steps // steps):
        summary = play_episode(env, act, 10_000 * options.seed + number)
        curve.add_summaries((number + 1) * steps, [summary])
    return act


def play_episode(env: gym.Env[Any, Any], act: Player, seed: int) -> dict[str, Any]:
    """Play one episode, and return what the environment says of it."""
    obs, _ = env.reset(seed=seed)
    is_first = True
    while True:
        obs, _, terminated, truncated, info = env.step(act(obs, is_first))
        is_first = False
        if terminated or truncated:
            return dict(info["episode_summary"])


def evaluate(act: Player) -> dict[str, Any]:
    """Play the episodes that are the same for every agent: medians, extremes, flags by name."""
    env = gym.make(CONFIG.env, **CONFIG.env_kwargs)
    seeds = range(EVALUATION_SEED, EVALUATION_SEED + EVALUATION_EPISODES)
    played = [play_episode(env, act, seed) for seed in seeds]
    env.close()
    reached = Counter(name for summary in played for name in summary["events"])
    return {
        "episodes": len(played),
        "return": _spread(played, "reward"),
        "flags": _spread(played, "num_events"),
        "tiles": _spread(played, "coverage"),
        "badges": _spread(played, "badges"),
        "episodes_by_flag": dict(reached.most_common()),
    }


def _spread(played: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    values = [float(summary[key]) for summary in played]
    figures = {"median": np.median(values), "min": min(values), "max": max(values)}
    return {name: round(float(value), 2) for name, value in figures.items()}


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
        print(json.dumps(plot(options.out, AGENTS)))
        return
    torch.set_num_threads(options.threads)
    path = options.out / f"{options.what}_{options.seed}.csv"
    if options.what != "dreamer" and path.exists():
        parser.error(f"{path} is there already: move it away, or choose another --seed or --out")
    runs = {"dreamer": run_dreamer, "ppo": run_ppo, "random": run_random}
    result = evaluate(runs[options.what](Curve(path), options))
    path.with_name(f"{path.stem}_eval.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
