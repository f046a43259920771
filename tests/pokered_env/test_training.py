"""Stock agents use the environment unchanged."""

from __future__ import annotations

import multiprocessing
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from pokered_env.wrappers import HashedWords
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor

ID = "pokered_env:PokeRed-v0"


def test_stable_baselines3s_ppo_trains_on_all_four_observations() -> None:
    torch.manual_seed(0)
    env = VecMonitor(DummyVecEnv([lambda: HashedWords(gym.make(ID, max_steps=12))] * 2))
    model = PPO("MultiInputPolicy", env, n_steps=16, batch_size=16, n_epochs=1, device="cpu")
    model.learn(32)
    assert model.num_timesteps == 32
    assert len(model.ep_info_buffer or []) == 2
    env.close()


def test_a_single_file_loop_collects_a_rollout_and_bootstraps_at_its_ends() -> None:
    # as CleanRL writes it: preallocated tensors, one pass forward, one pass back
    num_steps, num_envs = 24, 2
    envs: Any = gym.make_vec(ID, num_envs=num_envs, max_steps=10)
    network = torch.nn.Sequential(torch.nn.Linear(335, 8), torch.nn.Tanh(), torch.nn.Linear(8, 7))
    rewards = torch.zeros((num_steps, num_envs))
    starts = torch.zeros((num_steps, num_envs))
    observation, _ = envs.reset(seed=1)
    is_start = np.ones(num_envs, bool)
    for step in range(num_steps):
        starts[step] = torch.as_tensor(is_start)
        with torch.no_grad():
            logits = network(torch.as_tensor(observation["state"]))
        action = torch.distributions.Categorical(logits=logits).sample()
        observation, reward, terminated, truncated, infos = envs.step(action.numpy())
        rewards[step] = torch.as_tensor(reward)
        is_start = terminated | truncated
        if is_start.any():
            assert (infos["episode_summary"]["steps"][is_start] == 10).all()
    # ends at the tenth step; the eleventh only resets
    assert starts[:, 0].nonzero().flatten().tolist() == [0, 10, 21]
    assert (rewards[10] == 0).all()
    envs.close()


def test_torchrls_environment_keeps_the_specs_and_sees_what_gymnasiums_sees() -> None:
    method = multiprocessing.get_start_method()
    from torchrl.envs import GymEnv
    from torchrl.envs.utils import check_env_specs

    multiprocessing.set_start_method(method, force=True)  # torchrl sets its own for everybody
    env = GymEnv(ID, max_steps=20, categorical_action_encoding=True)
    check_env_specs(env)
    env.set_seed(3)
    torch.manual_seed(0)
    rollout = env.rollout(30, auto_reset=True, break_when_any_done=True)
    env.close()
    assert len(rollout) == 20 and rollout["next", "truncated"][-1]

    alone = gym.make(ID, max_steps=20)
    alone.reset(seed=3)  # set_seed resets, and the rollout once more
    observation, _ = alone.reset()
    for row in rollout:
        for key in ("screen", "visited_mask", "text"):
            assert np.array_equal(row[key].numpy(), observation[key])
        assert np.array_equal(row["observation"].numpy(), observation["state"])  # its name for it
        observation, reward, *_ = alone.step(row["action"].item())
        assert row["next", "reward"].item() == np.float32(reward)
    alone.close()
