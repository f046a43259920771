"""How far random play gets in the open cartridge: a good task gives it something, but no badge.

python benchmarks/random_agents.py          20 agents, 10,000 actions each; the last line is JSON
"""

from __future__ import annotations

import argparse
import json
import statistics

import numpy as np
from pokered_env import PokeRedVectorEnv


def main() -> None:
    """Play and print what each agent reached, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    env = PokeRedVectorEnv(options.agents, max_steps=None, num_threads=2)
    env.reset(seed=list(range(options.agents)))
    rng = np.random.default_rng(0)
    for _ in range(options.steps):
        env.step(rng.integers(env.single_action_space.n, size=options.agents))
    reached = {
        "flags": [len(member.progress.event_flags) for member in env.envs],
        "tiles": [member.progress.exploration.num_tiles for member in env.envs],
        "badges": [member.game_state.num_badges for member in env.envs],
    }
    env.close()
    for name, values in reached.items():
        print(f"{name:7}", *values)
    summary = {
        name: {"min": min(values), "mean": statistics.mean(values), "max": max(values)}
        for name, values in reached.items()
    }
    print(json.dumps({"agents": options.agents, "steps": options.steps, **summary}))


if __name__ == "__main__":
    main()
