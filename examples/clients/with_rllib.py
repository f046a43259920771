# /// script
# dependencies = ["ray[rllib]>=2.40"]
# ///
"""RLlib's PPO on the numbers of `state`, which it takes as a single vector."""

import gymnasium as gym
import ray
from pokered_env.wrappers import FlatObservation
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env


def make(config: dict) -> gym.Env:
    """Make one environment."""
    return FlatObservation(gym.make("pokered_env:PokeRed-v0", **config))


ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
register_env("pokered", make)
config = (
    PPOConfig()
    .environment("pokered", env_config={"max_steps": 20})
    .env_runners(num_env_runners=0, rollout_fragment_length=64)
    .training(train_batch_size_per_learner=64, minibatch_size=32, num_epochs=1)
)
algorithm = config.build_algo()
result = algorithm.train()
algorithm.stop()
ray.shutdown()
steps = result["env_runners"]["num_env_steps_sampled"]
assert steps >= 64
print(f"ray {ray.__version__}: PPO trained on {int(steps)} steps")
