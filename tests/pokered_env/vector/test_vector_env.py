from __future__ import annotations

import functools
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError, InvalidActionError, ResetNeededError
from pokered_env.vector.vector_env import PokeRedVectorEnv

ID = "pokered_env:PokeRed-v0"


def same(a: Any, b: Any) -> bool:
    """Tell whether two nested structures of arrays are equal, types included."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray) and a.dtype == object:
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return bool(a == b)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_it_does_bit_for_bit_what_gymnasiums_sequential_one_does(mode: str) -> None:
    # different lengths of the episodes, so that their ends do not coincide
    def goal(steps: int) -> Callable[[Any], bool]:
        return lambda state: state.x + state.y > steps

    ours = PokeRedVectorEnv(3, autoreset_mode=mode, max_steps=17, goal=goal(10))
    theirs = SyncVectorEnv(
        [lambda: PokeRedEnv(max_steps=17, goal=goal(10))] * 3, autoreset_mode=mode
    )
    a, b = ours.reset(seed=5), theirs.reset(seed=5)
    assert same(a[0], b[0])
    assert same(a[1], b[1])
    rng = np.random.default_rng(0)
    num_ends = 0
    for _ in range(60):
        actions = rng.integers(7, size=3)
        ours_now, theirs_now = ours.step(actions), theirs.step(actions)
        for x, y in zip(ours_now, theirs_now, strict=True):
            assert same(x, y)
        num_ends += int((ours_now[2] | ours_now[3]).sum())
    assert num_ends > 6
    ours.close()
    theirs.close()


def test_make_vec_makes_it_and_it_says_how_it_resets() -> None:
    vector_env = gym.make_vec(ID, num_envs=2, max_steps=5)
    assert isinstance(vector_env.unwrapped, PokeRedVectorEnv)
    assert vector_env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert vector_env.metadata["modalities"]["text"] == "tokens"
    observations, infos = vector_env.reset(seed=0)
    assert vector_env.observation_space.contains(observations)
    assert infos["map_name"].tolist() == ["HOME", "HOME"]
    vector_env.close()


@pytest.mark.parametrize(("arguments", "limit"), [({}, 20_480), ({"max_steps": 9}, 9)])
def test_its_spec_has_the_step_limit(arguments: dict[str, int], limit: int) -> None:
    vector_env = gym.make_vec(ID, num_envs=1, **arguments)
    assert vector_env.spec is not None
    assert vector_env.spec.max_episode_steps == limit
    vector_env.close()
    unlimited = gym.make_vec(ID, num_envs=1, max_steps=None)
    assert unlimited.spec is not None and unlimited.spec.max_episode_steps is None
    unlimited.close()


def test_gymnasiums_vector_wrappers_work() -> None:
    vector_env: Any = gym.make_vec(ID, num_envs=2, max_steps=4)
    vector_env = gym.wrappers.vector.RecordEpisodeStatistics(vector_env)
    vector_env = gym.wrappers.vector.DictInfoToList(vector_env)
    vector_env.reset(seed=0)
    for _ in range(4):
        *_, infos = vector_env.step(np.array([0, 1]))
    assert [info["episode"]["l"] for info in infos] == [4, 4]
    assert [info["episode_summary"]["steps"] for info in infos] == [4, 4]
    vector_env.close()


def test_returned_arrays_are_the_callers_unless_copying_is_switched_off() -> None:
    for copy in (True, False):
        vector_env = PokeRedVectorEnv(2, copy=copy)
        first, _ = vector_env.reset(seed=0)
        kept = {key: array.copy() for key, array in first.items()}
        for _ in range(4):
            second, *_ = vector_env.step(np.array([6, 1]))
        assert same(first, kept) == copy
        assert (second["screen"] is first["screen"]) != copy
        vector_env.close()


def test_without_autoreset_the_caller_resets_with_a_mask() -> None:
    vector_env = PokeRedVectorEnv(2, autoreset_mode="Disabled", max_steps=2)
    vector_env.reset(seed=0)
    vector_env.step([0, 0])
    _, _, _, truncated, _ = vector_env.step([0, 0])
    assert truncated.all()
    with pytest.raises(ResetNeededError, match=r"\[0, 1\]"):
        vector_env.step([0, 0])
    _, infos = vector_env.reset(options={"reset_mask": np.array([True, False])})
    assert infos["_map_id"].tolist() == [True, False]
    with pytest.raises(ResetNeededError, match=r"\[1\]"):
        vector_env.step([0, 0])
    vector_env.reset(options={"reset_mask": np.array([False, True])})
    vector_env.step([0, 0])
    vector_env.close()


def test_each_environment_can_start_elsewhere() -> None:
    vector_env = PokeRedVectorEnv(2)
    _, infos = vector_env.reset(seed=0, options={"state": ["start", "power_on"]})
    assert infos["map_name"][0] == "HOME"
    assert infos["map_id"][1] == 0
    vector_env.close()


def test_seeds_count_up_or_are_given_one_by_one() -> None:
    one = PokeRedVectorEnv(2)
    two = PokeRedVectorEnv(2)
    one.reset(seed=3)
    two.reset(seed=[3, 4])
    for action in np.random.default_rng(0).integers(7, size=80):
        a, b = one.step([action] * 2), two.step([action] * 2)
    assert same(a[0], b[0])
    assert not np.array_equal(a[0]["screen"][0], a[0]["screen"][1])
    one.close()
    two.close()


def test_saved_and_loaded_environments_go_on_alike_even_between_episodes() -> None:
    actions = np.random.default_rng(0).integers(7, size=(30, 2))
    ours = PokeRedVectorEnv(2, max_steps=7)
    ours.reset(seed=0)
    for row in actions[:7]:
        _, _, _, truncated, _ = ours.step(row)
    assert truncated.all()
    saved = ours.save()
    future = [ours.step(row) for row in actions]
    other = PokeRedVectorEnv(2, max_steps=7)
    other.load(saved)
    for row, expected in zip(actions, future, strict=True):
        assert all(same(x, y) for x, y in zip(other.step(row), expected, strict=True))
    with pytest.raises(ConfigError, match="1 snapshots"):
        other.load(saved[:1])
    ours.close()
    other.close()


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_envs": 0},
        {"num_envs": 2.0},
        {"num_envs": True},
        {"num_envs": 2, "num_threads": 0},
        {"num_envs": 2, "autoreset_mode": "Sometimes"},
        {"num_envs": 2, "max_steps": -1},
    ],
)
def test_arguments_outside_their_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PokeRedVectorEnv(**arguments)


def test_actions_seeds_and_masks_of_the_wrong_size_are_refused() -> None:
    vector_env = PokeRedVectorEnv(2)
    with pytest.raises(ConfigError, match="3 seeds"):
        vector_env.reset(seed=[1, 2, 3])
    with pytest.raises(ConfigError, match="reset_mask"):
        vector_env.reset(options={"reset_mask": np.array([True])})
    with pytest.raises(ConfigError, match="1 states"):
        vector_env.reset(options={"state": ["start"]})
    vector_env.reset(seed=0)
    for actions in ([0], [[0, 0]], 3):
        with pytest.raises(InvalidActionError):
            vector_env.step(actions)
    vector_env.close()
    vector_env.close()


def test_with_an_action_there_is_not_no_environment_steps() -> None:
    vector_env = PokeRedVectorEnv(2)
    vector_env.reset(seed=0)
    saved = vector_env.save()
    for actions in ([6, 99], [6, -1], [6, 1.5]):
        with pytest.raises(InvalidActionError, match="0 down"):
            vector_env.step(actions)
    assert vector_env.save() == saved
    vector_env.close()


def test_the_action_of_an_ended_episode_is_ignored() -> None:
    vector_env = PokeRedVectorEnv(2, max_steps=1)
    vector_env.reset(seed=0)
    assert vector_env.step([0, 0])[3].all()
    assert not vector_env.step([-1, 99])[3].any()
    with pytest.raises(InvalidActionError):
        vector_env.step([0, 99])
    vector_env.close()


def test_seeds_that_are_none_are_refused_before_any_environment_is_reset() -> None:
    vector_env = PokeRedVectorEnv(2)
    vector_env.reset(seed=np.int64(0))
    saved = vector_env.save()
    for seed in (-1, "x", 1.5, [0, -1], [0, "x"]):
        with pytest.raises(ConfigError, match="seed"):
            vector_env.reset(seed=seed)  # type: ignore[arg-type]
    assert vector_env.save() == saved
    vector_env.close()


def test_numbers_of_numpy_are_numbers() -> None:
    counts = {"num_envs": np.int64(2), "num_threads": np.int32(1), "max_steps": np.int64(1)}
    vector_env = PokeRedVectorEnv(**counts)
    vector_env.reset(seed=0)
    assert vector_env.step([0, 0])[3].all()
    vector_env.close()


def test_environments_with_windows_step_on_one_thread() -> None:
    script = (
        "import threading; from pokered_env.vector.vector_env import PokeRedVectorEnv as Env; "
        "Env(2, render_mode='human').reset(seed=0); one = threading.active_count(); "
        "Env(2, num_threads=2).reset(seed=0); print(one, threading.active_count())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
    )
    assert run.stdout.split() == ["1", "2"]


# no function of this file: a spawned process could not import it
make = functools.partial(gym.make, ID, max_steps=8)


@pytest.mark.parametrize(
    "context", [c for c in ("spawn", "forkserver") if c in multiprocessing.get_all_start_methods()]
)
def test_it_works_in_gymnasiums_fresh_processes(context: str) -> None:
    vector_env = gym.vector.AsyncVectorEnv([make, make], context=context)
    sequential = SyncVectorEnv([make, make])
    a, _ = vector_env.reset(seed=0)
    b, _ = sequential.reset(seed=0)
    assert same(a, b)
    for action in range(7):
        one, two = vector_env.step(np.array([action, 0])), sequential.step(np.array([action, 0]))
        assert same(one[0], two[0])
    vector_env.close()
    sequential.close()


def test_it_works_in_sb3s_processes() -> None:
    from stable_baselines3.common.vec_env import SubprocVecEnv

    vec_env = SubprocVecEnv([make, make])
    vec_env.reset()
    for _ in range(10):
        _, _, dones, infos = vec_env.step(np.array([0, 1]))
        if dones.any():
            assert "terminal_observation" in infos[0]
    vec_env.close()


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        ({"max_episode_steps": 3}, 3),
        ({"max_episode_steps": 3, "max_steps": 9}, 3),
        ({"max_episode_steps": 9, "max_steps": 3}, 3),
        ({"max_episode_steps": 30_000}, 30_000),
    ],
)
def test_gymnasiums_step_limit_counts_too(arguments: dict[str, Any], limit: int) -> None:
    envs = gym.make_vec(ID, num_envs=1, **arguments)
    assert envs.unwrapped.envs[0].arguments["max_steps"] == limit  # type: ignore[attr-defined]
    envs.close()


def test_a_vector_environment_is_made_from_the_spec_of_a_single_one() -> None:
    env = gym.make(ID, max_steps=3, numeric_info=True)
    assert env.unwrapped.spec is not None
    envs = gym.make_vec(env.unwrapped.spec, num_envs=2)
    assert envs.unwrapped.envs[1].arguments["max_steps"] == 3  # type: ignore[attr-defined]
    env.close()
    envs.close()


def test_a_step_limit_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_episode_steps"):
        PokeRedVectorEnv(1, max_episode_steps=0)
