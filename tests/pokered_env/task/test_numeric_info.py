from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.task.numeric_info import numbers_of
from pokered_env.vector.vector_env import PokeRedVectorEnv
from pokered_env.wrappers import InfiniteMoney, MilestoneCurriculum

ID = "pokered_env:PokeRed-v0"


def form(info: dict[str, Any]) -> dict[str, Any]:
    return {key: (value.shape, value.dtype) for key, value in info.items()}


def test_every_step_has_the_same_numbers_in_the_same_shapes() -> None:
    with PokeRedEnv(numeric_info=True, action_mask=True, max_steps=30) as env:
        _, info = env.reset(seed=0)
        forms = [form(info)]
        rng = np.random.default_rng(0)
        truncated = False
        while not truncated:
            _, reward, _, truncated, info = env.step(int(rng.integers(7)))
            forms.append(form(info))
            assert np.sum(info["reward_terms"]) == reward
    assert all(each == forms[0] for each in forms)
    assert forms[0]["party"] == ((6, 4), np.int64)
    assert all(dtype.kind in "if" for _, dtype in forms[0].values())


def test_it_says_what_the_full_info_says() -> None:
    full, numbers = PokeRedEnv(), InfiniteMoney(PokeRedEnv(numeric_info=True))
    with full, numbers:
        full.reset(seed=0)
        numbers.reset(seed=0)
        member = bytes([7, 0, 20, *[0] * 30, 9, 0, 25, *[0] * 8])  # 44 bytes: species 7, level 9
        for env in (full, numbers.unwrapped):
            env.emulator.write(ram.PARTY_COUNT.address, 1)
            env.emulator.write(ram.PARTY_SPECIES.address, 7)
            env.emulator.write(ram.EVENT_FLAGS.address, 4)
            for i, byte in enumerate(member):
                env.emulator.write(ram.PARTY_MONS.address + i, byte)
        _, _, _, _, said = full.step(1)
        _, _, _, _, told = numbers.step(1)
    assert told["party"].tolist() == [[7, 9, 20, 25]] + [[0] * 4] * 5
    assert told["reward_terms"].tolist() == list(said["reward_terms"].values())
    assert told["num_events"] == len(said["new_events"]) == 1
    assert told["num_assists"] == 1
    assert (told["map_id"], told["x"], told["y"]) == (said["map_id"], said["x"], said["y"])
    assert tuple(told["global_xy"]) == said["global_xy"]


def test_off_the_world_map_the_coordinates_say_so() -> None:
    with PokeRedEnv() as env:
        _, said = env.reset(seed=0)
    assert numbers_of({**said, "global_xy": (0, 0)}, 0)["global_xy"].tolist() == [0, 0]
    assert numbers_of({**said, "global_xy": None}, 0)["global_xy"].tolist() == [-1, -1]


def test_vector_environments_make_arrays_of_it_that_are_no_objects() -> None:
    ours: Any = gym.make_vec(ID, num_envs=2, numeric_info=True, max_steps=3)
    theirs = SyncVectorEnv([lambda: PokeRedEnv(numeric_info=True, max_steps=3)] * 2)
    for envs in (ours, theirs):
        _, infos = envs.reset(seed=0)
        first = form(infos)
        for _ in range(5):
            _, _, _, _, infos = envs.step(np.zeros(2, int))
            assert form(infos) == first
        assert all(dtype.kind != "O" for _, dtype in first.values())
        assert first["party"] == ((2, 6, 4), np.int64)
        envs.close()


def test_the_curriculum_needs_the_names_of_events() -> None:
    envs = PokeRedVectorEnv(1, numeric_info=True)
    with pytest.raises(ConfigError, match="numeric_info"):
        MilestoneCurriculum(envs)
    envs.close()
