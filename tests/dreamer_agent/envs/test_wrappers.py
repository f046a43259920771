from __future__ import annotations

import sys

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.envs.wrappers import find_wrapper
from dreamer_agent.errors import EnvError
from gymnasium.wrappers import TransformReward


def doubled(env):
    return TransformReward(env, lambda reward: reward * 2)


def plus_one(env):
    return TransformReward(env, lambda reward: reward + 1)


def nothing(env):
    return None


NOT_A_FUNCTION = 3


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "my_wrappers", sys.modules[__name__])


@pytest.mark.parametrize("vectorization", ["auto", "async"])
def test_wrappers_are_applied_in_order_the_first_one_innermost(vectorization):
    names = ("my_wrappers:doubled", "my_wrappers:plus_one")
    env = make_vector_env("CartPole-v1", 2, None, vectorization, names)
    env.reset(seed=0)
    assert env.step(np.zeros(2, np.int64))[1].tolist() == [3.0, 3.0]
    env.close()


def test_a_class_is_a_wrapper_too_and_an_own_vector_version_is_not_taken():
    env = make_vector_env(
        "multimodal_env:Walk-v0", 1, wrappers=("gymnasium.wrappers:OrderEnforcing",)
    )
    assert isinstance(env, gym.vector.SyncVectorEnv) and type(env).__name__ == "SyncVectorEnv"
    with pytest.raises(EnvError, match="own vector version"):
        make_vector_env("multimodal_env:Walk-v0", 1, None, "own", ("my_wrappers:doubled",))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("doubled", "form module:function"),
        ("no_such_module:f", "Cannot import 'no_such_module'"),
        ("my_wrappers:tripled", "has no 'tripled'"),
        ("my_wrappers:NOT_A_FUNCTION", "is a int"),
    ],
)
def test_a_name_that_is_no_wrapper_is_refused(name, words):
    with pytest.raises(EnvError, match=words):
        find_wrapper(name)


def broken(env):
    raise ValueError("no screen")


def test_a_wrapper_that_raises_is_named():
    with pytest.raises(EnvError, match="'my_wrappers:broken' raised ValueError: no screen"):
        make_vector_env("CartPole-v1", wrappers=("my_wrappers:broken",))


def test_a_wrapper_that_returns_no_environment_is_named():
    with pytest.raises(EnvError, match="'my_wrappers:nothing' returned NoneType"):
        make_vector_env("CartPole-v1", wrappers=("my_wrappers:nothing",))
