"""Train a world model on the open cartridge for a moment, then stock PPO on its features.

python examples/hybrid_ppo_on_features.py       a minute; longer with --dreamer-steps, --steps
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import dreamer_agent
from dreamer_agent import TrainConfig, preset
from hybrid_ppo import DreamerPPOPolicy, WorldModelVecEnv
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

ENV = "pokered_env:PokeRed-v0"


def main() -> None:
    """Train the world model, wrap the environment with it, train PPO."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dreamer-steps", type=int, default=800)
    parser.add_argument("--steps", type=int, default=2048)
    options = parser.parse_args()

    run = dreamer_agent.train(
        TrainConfig(
            env=ENV,
            run_dir=str(Path(tempfile.mkdtemp()) / "world"),
            env_steps=options.dreamer_steps,
            prefill_steps=256,
            batch_size=8,
            sequence_length=32,
            replay_ratio=8,
            video_every_steps=0,
            agent=preset("paper", "xs"),
        )
    )
    agent = dreamer_agent.load(run)
    env = WorldModelVecEnv(make_vec_env(ENV, n_envs=2, env_kwargs={"max_steps": 512}), agent)
    model = PPO(DreamerPPOPolicy, env, n_steps=256, batch_size=128, verbose=1)
    model.learn(options.steps)
    print(f"PPO saw {agent.feature_size} features a step; no weight of the world model changed.")
    env.close()


if __name__ == "__main__":
    main()
