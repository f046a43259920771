# /// script
# dependencies = ["pufferlib>=2"]
# ///
"""PufferLib's emulation packs the Dict into one array of bytes, and its vector steps many."""

from importlib.metadata import version

import gymnasium as gym
import numpy as np
import pufferlib.emulation
import pufferlib.vector


def make(**kwargs: object) -> pufferlib.emulation.GymnasiumPufferEnv:
    """Make one environment."""
    return pufferlib.emulation.GymnasiumPufferEnv(
        env_creator=gym.make,
        env_args=["pokered_env:PokeRed-v0"],
        env_kwargs={"max_steps": 20, "numeric_info": True},
        **kwargs,
    )


envs = pufferlib.vector.make(make, num_envs=2, backend=pufferlib.vector.Serial)
seen, _ = envs.reset(seed=0)
rng = np.random.default_rng(0)
ends = 0
for _ in range(45):
    seen, rewards, terminated, truncated, infos = envs.step(rng.integers(7, size=2))
    ends += int(truncated.sum())
envs.close()
assert ends == 4, ends
print(f"pufferlib {version('pufferlib')}: {ends} episodes, observations {seen.shape} {seen.dtype}")
