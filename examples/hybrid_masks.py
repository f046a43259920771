"""MaskablePPO on a world model's features of the open cartridge: only what the game heeds.

pip install "hybrid-ppo[contrib]"
python examples/hybrid_masks.py                  a minute; longer with --dreamer-steps, --steps
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import dreamer_agent
import gymnasium as gym
from dreamer_agent import TrainConfig, preset
from hybrid_ppo import DreamerMaskablePPOPolicy, VectorEnvAdapter, WorldModelVecEnv
from sb3_contrib import MaskablePPO

ENV, ENV_KWARGS = "pokered_env:PokeRed-v0", {"max_steps": 512, "action_mask": True}


def main() -> None:
    """Train the world model, put environments on threads behind it, train MaskablePPO."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dreamer-steps", type=int, default=800)
    parser.add_argument("--steps", type=int, default=2048)
    options = parser.parse_args()

    run = dreamer_agent.train(
        TrainConfig(
            env=ENV,
            env_kwargs=ENV_KWARGS,
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
    mode = gym.vector.AutoresetMode.DISABLED
    vector = gym.make_vec(ENV, 2, "vector_entry_point", autoreset_mode=mode, **ENV_KWARGS)
    env = WorldModelVecEnv(VectorEnvAdapter.around(vector, agent), agent)
    model = MaskablePPO(DreamerMaskablePPOPolicy, env, n_steps=256, batch_size=128, device="cpu")
    model.learn(options.steps)
    print(f"MaskablePPO took {model.num_timesteps} steps, each of them one the game heeds.")
    env.close()


if __name__ == "__main__":
    main()
