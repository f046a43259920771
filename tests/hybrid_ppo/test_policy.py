"""Stock PPO learns on features, and refuses an environment without a world model."""

import numpy as np
import pytest
import torch
from dreamer_agent import Agent
from hybrid_ppo import (
    DreamerPPOMultiInputPolicy,
    DreamerPPOPolicy,
    NotLatentError,
    WorldModelVecEnv,
)
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv


@pytest.mark.parametrize("policy", [DreamerPPOPolicy, DreamerPPOMultiInputPolicy])
def test_an_unwrapped_environment_is_refused_with_advice(
    venv: DummyVecEnv, policy: type[DreamerPPOPolicy]
) -> None:
    with pytest.raises(NotLatentError, match="WorldModelVecEnv"):
        PPO(policy, venv)


def test_ppo_learns_the_rewarded_action_and_leaves_a_frozen_world_model_alone(
    venv: DummyVecEnv, agent: Agent
) -> None:
    before = {name: value.clone() for name, value in agent.state_dict().items()}
    env = WorldModelVecEnv(venv, agent)
    model = PPO(DreamerPPOPolicy, env, n_steps=128, batch_size=64, learning_rate=1e-3, seed=0)
    model.learn(4096)
    obs, rewards = env.reset(), []
    for _ in range(50):
        action, _ = model.predict(obs, deterministic=True)
        obs, reward, _, _ = env.step(action)
        rewards.append(reward)
    assert np.mean(rewards) > 0.95  # a random policy gets 1/3
    for name, value in agent.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_policy_on_raw_keys_beside_features_learns_and_is_stored(
    venv: DummyVecEnv, agent: Agent, tmp_path
) -> None:
    env = WorldModelVecEnv(venv, agent, include_raw=["last"])
    model = PPO(DreamerPPOMultiInputPolicy, env, n_steps=32, batch_size=32, seed=0)
    model.learn(64)
    model.save(tmp_path / "policy.zip")
    obs = env.reset()
    loaded = PPO.load(tmp_path / "policy.zip")
    for key in obs:
        np.testing.assert_array_equal(obs[key].shape, (2, *env.observation_space[key].shape))
    np.testing.assert_array_equal(
        loaded.predict(obs, deterministic=True)[0], model.predict(obs, deterministic=True)[0]
    )
