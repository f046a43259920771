# /// script
# dependencies = ["tianshou>=2"]
# ///
"""Tianshou's collector fills a replay buffer, and its PPO learns on the numbers of `state`."""

import gymnasium as gym
import tianshou
from pokered_env.wrappers import FlatObservation
from tianshou.algorithm import PPO
from tianshou.algorithm.algorithm_base import policy_within_training_step
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.utils.net.common import Net
from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic


def make() -> gym.Env:
    """Make one environment; infos go into arrays, so they must be numbers."""
    return FlatObservation(gym.make("pokered_env:PokeRed-v0", max_steps=20, numeric_info=True))


envs = DummyVectorEnv([make] * 2)
num_actions = int(envs.action_space[0].n)
actor = DiscreteActor(
    preprocess_net=Net(state_shape=335, hidden_sizes=[32]), action_shape=num_actions
)
critic = DiscreteCritic(preprocess_net=Net(state_shape=335, hidden_sizes=[32]))
policy = DiscreteActorPolicy(actor=actor, action_space=envs.action_space[0])
agent = PPO(policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=3e-4))
collector = Collector(agent, envs, VectorReplayBuffer(200, 2))
collector.reset()
collected = collector.collect(n_step=80)
with policy_within_training_step(agent.policy):
    agent.update(buffer=collector.buffer, batch_size=40, repeat=1)
assert collected.n_collected_episodes == 4
assert collector.buffer.info.reward_terms.shape == (200, 10)
print(f"tianshou {tianshou.__version__}: PPO updated from {collected.n_collected_steps} steps")
