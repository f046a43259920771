"""The features of a world model for other algorithms of SB3's: here A2C and DQN, on CartPole.

python examples/hybrid_other_algorithms.py       half a minute; longer with --steps
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import dreamer_agent
from dreamer_agent import TrainConfig, preset
from hybrid_ppo import WorldModelVecEnv
from stable_baselines3 import A2C, DQN
from stable_baselines3.common.env_util import make_vec_env


def main() -> None:
    """Train a world model for a moment, then two algorithms on its features."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dreamer-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=5000)
    options = parser.parse_args()

    run = dreamer_agent.train(
        TrainConfig(
            env="CartPole-v1",
            run_dir=str(Path(tempfile.mkdtemp()) / "world"),
            env_steps=options.dreamer_steps,
            prefill_steps=options.dreamer_steps // 2,
            batch_size=8,
            sequence_length=16,
            replay_ratio=4,
            video_every_steps=0,
            agent=preset("paper", "xs"),
        )
    )
    agent = dreamer_agent.load(run)
    for algorithm in (A2C, DQN):  # "MlpPolicy": only PPO's policies check that they see features
        env = WorldModelVecEnv(make_vec_env("CartPole-v1", 2), agent)
        model = algorithm("MlpPolicy", env, device="cpu").learn(options.steps)
        lengths = [episode["l"] for episode in model.ep_info_buffer]
        print(f"{algorithm.__name__}: {sum(lengths) / max(1, len(lengths)):.0f} steps an episode")
        env.close()


if __name__ == "__main__":
    main()
