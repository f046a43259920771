"""Environments are made, seeded and brought back as promised."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from counting_env import CountingEnv, SavingEnv
from dreamer_agent.envs.resumable import ResumableEnv, episode_seed
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.errors import EnvError
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit, TransformReward
from multimodal_env import WalkVectorEnv


def play(env, steps):
    return [env.step(1)[0]["where"].tolist() for _ in range(steps)]


@pytest.mark.parametrize("inner", [CountingEnv, SavingEnv])
@pytest.mark.parametrize(
    "wrap", [lambda env: env, lambda env: TimeLimit(env, 5), lambda env: TransformReward(env, abs)]
)
def test_an_episode_continues_where_it_was_wrappers_included(inner, wrap):
    env, again = (ResumableEnv(wrap(inner())) for _ in range(2))
    env.reset(seed=4)
    env.unwrapped.length = again.unwrapped.length = 9
    play(env, 2)
    again.state_to_restore = env.episode_state()
    again.reset()
    again.unwrapped.length = 9
    results = [(env.step(2), again.step(2)) for _ in range(3)]
    for (obs, *rest), (other, *others) in results:
        assert np.array_equal(obs["where"], other["where"]) and rest == others
    if isinstance(env.env, TimeLimit):
        assert results[-1][1][3], "the time limit counts the steps before the stop"


def test_actions_are_remembered_as_they_were_though_their_array_is_used_again():
    env = ResumableEnv(CountingEnv())
    env.reset(seed=0)
    action = np.array(1)
    env.step(action)
    action[...] = 2
    env.step(action)
    assert env.episode_state()["actions"].tolist() == [1, 2]


def test_saving_is_used_only_where_no_wrapper_has_state_of_its_own():
    def keys(env):
        env.reset(seed=0)
        return set(env.episode_state())

    assert "saved" in keys(ResumableEnv(SavingEnv()))
    assert "actions" in keys(ResumableEnv(TransformReward(SavingEnv(), abs)))
    assert "actions" in keys(ResumableEnv(CountingEnv()))


class NoBytes(SavingEnv):
    def save(self):
        return object()


class SavesToPath(SavingEnv):
    def save(self, path):
        raise AssertionError("never with a path")


@pytest.mark.parametrize(("kind", "word"), [(NoBytes, "returned object"), (SavesToPath, "path")])
def test_a_save_of_another_meaning_is_tried_once_and_actions_are_repeated_instead(kind, word):
    env, again = ResumableEnv(kind()), ResumableEnv(kind())
    with pytest.warns(UserWarning, match=rf"{kind.__name__}\.save\(\) .*{word}"):
        env.reset(seed=4)
    env.unwrapped.length = 9
    play(env, 2)
    again.state_to_restore = env.episode_state()
    with pytest.warns(UserWarning):
        again.reset()
    assert np.array_equal(env.step(1)[0]["where"], again.step(1)[0]["where"])


def test_episode_seeds_differ_by_run_environment_and_episode():
    seeds = {episode_seed(a, b, c) for a in range(3) for b in range(3) for c in range(3)}
    assert len(seeds) == 27 and episode_seed(1, 2, 3) == episode_seed(1, 2, 3)


def test_an_environments_own_vector_version_is_used_if_it_can_be_resumed():
    env = make_vector_env("multimodal_env:Walk-v0", 2)
    assert isinstance(env, WalkVectorEnv)
    assert env.metadata["autoreset_mode"] == AutoresetMode.DISABLED
    assert type(make_vector_env("multimodal_env:Walk-v0", 2, vectorization="sync")) is SyncVectorEnv
    assert type(make_vector_env("CartPole-v1", 2)) is SyncVectorEnv  # its own cannot be resumed
    own = make_vector_env("CartPole-v1", 2, vectorization="own")
    assert not isinstance(own, (SyncVectorEnv, AsyncVectorEnv))


def test_bad_arguments_are_named():
    with pytest.raises(EnvError, match=r"could not be made with \{'nonsense': 1\}"):
        make_vector_env("CartPole-v1", 1, {"nonsense": 1})
    with pytest.raises(EnvError, match="No environment 'multimodal_env:Wlak-v0'"):
        make_vector_env("multimodal_env:Wlak-v0")
    assert gym.spec("Walk-v0")
