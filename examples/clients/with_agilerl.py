# /// script
# dependencies = ["agilerl>=2.4", "peft"]
# ///
"""AgileRL's PPO on a vector: the numbers of `state`, with Gymnasium's own vector environment."""

from importlib.metadata import version

import gymnasium as gym
from agilerl.algorithms import PPO
from agilerl.rollouts import collect_rollouts
from pokered_env.wrappers import FlatObservation

envs = gym.make_vec(
    "pokered_env:PokeRed-v0",
    num_envs=2,
    vectorization_mode="sync",
    wrappers=[FlatObservation],
    max_steps=20,
)
agent = PPO(
    observation_space=envs.single_observation_space,
    action_space=envs.single_action_space,
    num_envs=2,
    learn_step=64,
    batch_size=16,
    update_epochs=1,
)
collect_rollouts(agent, envs, n_steps=32)
loss = agent.learn()
envs.close()
print(f"agilerl {version('agilerl')}: PPO collected 64 steps and learned from them ({loss})")
