"""A Gymnasium vector environment under SB3: the same transitions, and back into their middle."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent import Agent, preset
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hybrid_ppo import (
    ConfigError,
    DreamerPPOPolicy,
    ObservationKeyError,
    VectorEnvAdapter,
    WorldModelVecEnv,
)
from masked_env import MaskedEnv
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv
from step_counter import CountingEnv

MAKE: list[Callable[[], CountingEnv]] = [
    lambda: CountingEnv(3),
    lambda: CountingEnv(5, "terminated"),
]


def adapted(agent: Agent, mode: AutoresetMode = AutoresetMode.DISABLED) -> VectorEnvAdapter:
    return VectorEnvAdapter.around(SyncVectorEnv(MAKE, autoreset_mode=mode), agent)


@pytest.mark.parametrize("mode", [AutoresetMode.DISABLED, AutoresetMode.SAME_STEP])
def test_transitions_are_those_of_sb3s_own_vector_environment(
    agent: Agent, mode: AutoresetMode
) -> None:
    ours, theirs = adapted(agent, mode), DummyVecEnv(MAKE)
    first, other = ours.reset(), theirs.reset()
    for key in first:
        np.testing.assert_array_equal(first[key], other[key])
    for action in np.random.default_rng(0).integers(0, 3, (20, 2)):
        obs, rewards, dones, infos = ours.step(action)
        expected, expected_rewards, expected_dones, expected_infos = theirs.step(action)
        for key in obs:
            np.testing.assert_array_equal(obs[key], expected[key])
        np.testing.assert_array_equal(rewards, expected_rewards)
        np.testing.assert_array_equal(dones, expected_dones)
        for done, info, expected_info in zip(dones, infos, expected_infos, strict=True):
            assert ("terminal_observation" in info) == done
            if done:
                cut = "TimeLimit.truncated"
                assert info[cut] == expected_info[cut]
                for key, value in expected_info["terminal_observation"].items():
                    np.testing.assert_array_equal(info["terminal_observation"][key], value)


def test_ppo_learns_and_is_scored_on_it(agent: Agent) -> None:
    env = WorldModelVecEnv(adapted(agent), agent)
    model = PPO(DreamerPPOPolicy, env, n_steps=16, batch_size=16, seed=0)
    model.learn(32)
    assert [info["l"] for info in model.ep_info_buffer] == [3, 5, 3, 3, 5, 3, 3, 5]
    _, lengths = evaluate_policy(model, env, 4, return_episode_rewards=True)
    assert sorted(lengths) == [3, 3, 5, 5]


def test_a_second_reset_begins_new_episodes(agent: Agent) -> None:
    env = adapted(agent)
    env.reset()
    env.step(np.array([1, 1]))
    assert env.reset()["count"][:, 0].tolist() == [0, 0]


def test_it_returns_into_the_middle_of_episodes(agent: Agent) -> None:
    gym.register("HybridCounting-v0", CountingEnv)
    from dreamer_agent.envs.vector import make_vector_env

    def fresh() -> VectorEnvAdapter:
        return VectorEnvAdapter.around(make_vector_env("HybridCounting-v0", 2), agent)

    env, other = fresh(), fresh()
    env.reset()
    for action in (1, 2, 0):
        env.step(np.array([action, action]))
    assert other.restore(env.state())
    for _ in range(4):
        results = [one.step(np.array([1, 1])) for one in (env, other)]
        for key in results[0][0]:
            np.testing.assert_array_equal(results[0][0][key], results[1][0][key])
        assert results[0][2].tolist() == results[1][2].tolist()
        endings = [[info.get("episode") for info in result[3]] for result in results]
        assert endings[0] == endings[1]


def test_an_environment_that_resets_a_step_later_is_refused(agent: Agent) -> None:
    with pytest.raises(ConfigError, match="DISABLED"):
        adapted(agent, AutoresetMode.NEXT_STEP)


def test_masks_are_those_of_the_present_step() -> None:
    space = gym.spaces.Dict(
        observation=MaskedEnv.observation_space, action_mask=gym.spaces.Box(0, 1, (2,), np.uint8)
    )
    agent = Agent(space, MaskedEnv.action_space, preset("paper", "xs"))
    vector = SyncVectorEnv([MaskedEnv, MaskedEnv], autoreset_mode=AutoresetMode.DISABLED)
    env = VectorEnvAdapter.around(vector, agent)
    assert env.observation_space == space
    env.reset()
    assert env.has_attr("action_masks")
    assert np.stack(env.env_method("action_masks")).tolist() == [[False, True], [False, True]]
    env.step(np.array([1, 1]))
    assert np.stack(env.env_method("action_masks")).tolist() == [[True, True], [True, True]]


def test_environments_without_masks_say_so(agent: Agent) -> None:
    with pytest.raises(ObservationKeyError, match="no action mask"):
        adapted(agent).action_masks()


def test_infos_are_split_by_environment(agent: Agent) -> None:
    class Telling(CountingEnv):
        def step(self, action: Any) -> Any:
            *result, info = super().step(action)
            told = {"count": self.count, "inner": {"odd": self.count % 2}}
            return (*result, told if self.count == self.length - 1 else info)

    vector = SyncVectorEnv(
        [lambda: Telling(3), lambda: Telling(5)], autoreset_mode=AutoresetMode.DISABLED
    )
    env = VectorEnvAdapter.around(vector, agent)
    env.reset()
    env.step(np.array([0, 0]))
    infos = env.step(np.array([0, 0]))[3]
    assert infos[0]["count"] == 2 and infos[0]["inner"]["odd"] == 0
    assert "count" not in infos[1]
