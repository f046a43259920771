"""Environments that break their contract are told so, by key."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.envs.resumable import ResumableEnv
from dreamer_agent.errors import EnvError, SpaceError
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

SPACE = spaces.Dict(speed=spaces.Box(-1, 1, (2,), np.float32), gear=spaces.Discrete(3, start=1))


class Scripted(gym.Env):
    """Gives ``good`` at reset and what it was made with at every step."""

    action_space = spaces.Discrete(2)

    def __init__(self, step=None, space=SPACE, good=None, reward=0.0):
        self.observation_space, self.reward = space, reward
        self.good = {"speed": np.zeros(2, np.float32), "gear": 1} if good is None else good
        self.next = self.good if step is None else step

    def reset(self, *, seed=None, options=None):
        return self.good, {}

    def step(self, action):
        return self.next, self.reward, False, False, {}


def open_rows(make, vector=SyncVectorEnv, **kwargs):
    env = vector([lambda: ResumableEnv(make())] * 2, autoreset_mode="Disabled")
    return EpisodeRows(env, **kwargs)


def step(make, vector=SyncVectorEnv):
    rows = open_rows(make, vector)
    try:
        return rows, rows.step(np.zeros(2, np.int64))[0]
    finally:
        rows.env.close()


ZERO = np.zeros(2, np.float32)


@pytest.mark.parametrize(
    ("obs", "words"),
    [
        ({"speed": ZERO}, r"no observation key 'gear'.*\['speed'\]"),
        ({"speed": np.zeros(3), "gear": 1}, r"'speed' with shape \(3,\).*\(2,\)"),
        ({"speed": ZERO, "gear": 0}, r"'gear' the value 0.*Discrete"),
        ({"speed": ZERO, "gear": 4}, r"'gear' the value 4.*Discrete"),
        (ZERO, r"it gave \['observation'\]"),
    ],
)
@pytest.mark.parametrize("vector", [SyncVectorEnv, AsyncVectorEnv])
def test_an_observation_that_is_not_of_its_space_is_named(obs, words, vector):
    with pytest.raises(EnvError, match=words):
        step(lambda: Scripted(obs), vector)


@pytest.mark.parametrize("obs", [{"speed": ZERO}, {"speed": np.zeros(3), "gear": 1}])
def test_vector_environments_of_others_are_held_to_their_space_too(obs):
    class Foreign(gym.vector.VectorEnv):
        num_envs, single_action_space = 1, spaces.Discrete(2)
        single_observation_space = SPACE

        def reset(self, *, seed=None, options=None):
            return {key: np.asarray(value)[None] for key, value in obs.items()}, {}

    with pytest.raises(EnvError, match=r"'gear'|'speed'"):
        EpisodeRows(Foreign())


@pytest.mark.parametrize("reward", [np.zeros(1), np.zeros(3), [1.0, 2.0], "1", None])
def test_a_reward_that_is_no_number_is_refused(reward):
    with pytest.raises(EnvError, match="reward"):
        step(lambda: Scripted(reward=reward))


@pytest.mark.parametrize("reward", [1e39, -1e39, float("nan"), float("inf")])
def test_a_reward_float32_cannot_hold_is_refused_and_the_largest_is_kept(reward):
    with pytest.raises(EnvError, match="Environment 0 returned the reward"):
        step(lambda: Scripted(reward=reward))
    _, rows = step(lambda: Scripted(reward=3.4e38))
    assert rows[0][1]["reward"] == 3.4e38


def test_a_number_too_large_for_its_space_is_not_finite():
    with pytest.raises(EnvError, match="'speed'"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step(lambda: Scripted({"speed": np.full(2, 1e300), "gear": 1}))


class OldStep(Scripted):
    def step(self, action):
        return self.next, 0.0, False, {}


class OldReset(Scripted):
    def reset(self, *, seed=None, options=None):
        return self.good


class OldSeed(Scripted):
    def reset(self):
        return self.good


@pytest.mark.parametrize("kind", [OldStep, OldReset, OldSeed, lambda: TimeLimit(OldStep(), 5)])
def test_the_old_gym_api_is_recognised(kind):
    with pytest.raises(EnvError, match=r"gym before 0\.26"):
        step(kind)


def test_errors_of_the_environments_own_are_named_and_kept_as_the_cause():
    class Broken(Scripted):
        def step(self, action):
            raise ValueError("out of fuel")

    with pytest.raises(EnvError, match=r"step 1 of its episode: ValueError: out of fuel") as raised:
        step(Broken)
    assert isinstance(raised.value.__cause__, ValueError)


def test_values_outside_the_space_are_warned_of_once_with_key_and_value():
    rows = open_rows(lambda: Scripted({"speed": np.array([0, 7], np.float32), "gear": 1}))
    with pytest.warns(UserWarning, match=r"'speed' the value 7\.0, outside its space \(-1 to 1\)"):
        rows.step(np.zeros(2, np.int64))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows.step(np.zeros(2, np.int64))


@pytest.mark.parametrize(
    ("key", "part", "value"),
    [
        ("a", spaces.Dict(b=spaces.Box(0, 1, (2,))), {"b": ZERO}),
        ("mission", spaces.Text(20), "go north"),
        ("none", spaces.Box(0, 1, (0,)), np.zeros(0, np.float32)),
    ],
)
def test_spaces_no_agent_takes_are_refused_by_key_or_dropped(key, part, value):
    space = spaces.Dict({key: part, "gear": spaces.Discrete(3)})

    def make():
        return Scripted(space=space, good={key: value, "gear": 1})

    with pytest.raises(SpaceError, match=f"{key!r}.*encode: false, decode: false"):
        open_rows(make)
    rows = open_rows(make, dropped=(key,))
    assert list(rows.observation_space) == list(rows.obs) == ["gear"]
    assert "obs/gear" in rows.step(np.zeros(2, np.int64))[0][0][1]


def test_parts_of_a_tuple_are_keys_by_position():
    space = spaces.Tuple((spaces.Discrete(3), spaces.Box(0, 1, (2,))))
    rows = open_rows(lambda: Scripted(space=space, good=(2, ZERO)))
    assert list(rows.observation_space) == ["0", "1"]
    new, _ = rows.step(np.zeros(2, np.int64))
    assert new[0][1]["obs/0"] == 2 and new[0][1]["obs/1"].shape == (2,)
