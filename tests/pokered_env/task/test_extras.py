from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pokered_env import OBSERVATION_SPACE, PokeRedEnv, PokeRedVectorEnv
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.game.game_state import GameState
from pokered_env.recording.conformance import Recording
from pokered_env.task.extras import Extras
from stable_baselines3.common.env_checker import check_env as sb3_check_env

ALL = ("position", "badges", "bag")


def test_without_asking_there_are_the_four_observations() -> None:
    with PokeRedEnv() as env:
        assert env.observation_space == OBSERVATION_SPACE
        assert set(env.reset(seed=0)[0]) == set(OBSERVATION_SPACE)


def test_the_checkers_find_nothing_with_all_extras() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = PokeRedEnv(observation_extras=ALL)
        check_env(env, skip_render_check=True)
        sb3_check_env(env)
        env.close()


def test_the_position_is_where_the_player_is() -> None:
    with PokeRedEnv(observation_extras=["position"]) as env:
        env.reset(seed=0)
        for action in (2, 2, 0):
            seen, *_ = env.step(action)
        state = env.game_state
        expected = [state.map_id, state.x, state.y]
        assert np.rint(seen["position"] * 255).tolist() == expected  # type: ignore[typeddict-item]
        assert set(seen) == {*OBSERVATION_SPACE, "position"}


def test_badges_and_bag_are_read_from_memory(make_memory: Callable[..., Recording]) -> None:
    bag = bytes([4, 4, 10, 20, 99, 4, 95, 250, 1, 0xFF])
    state = GameState.read(make_memory((ram.BADGES, b"\x82"), (ram.BAG, bag)))
    extras = Extras(("badges", "bag"))
    out: Any = {}
    extras.add_new(out)
    for _ in range(2):
        extras.encode(state, None, out)  # type: ignore[arg-type]  # these two look at memory only
    assert out["badges"].tolist() == [0, 1, 0, 0, 0, 0, 0, 1]
    assert np.flatnonzero(out["bag"]).tolist() == [4, 20, 250]
    assert out["bag"][4] == out["bag"][20] == 1.0
    assert out["bag"][250] == pytest.approx(1 / 99)


def test_many_environments_and_copies_have_them_too() -> None:
    vector = PokeRedVectorEnv(2, observation_extras=ALL)
    seen, _ = vector.reset(seed=0)
    assert {key: seen[key].shape for key in ALL} == {
        "position": (2, 3),
        "badges": (2, 8),
        "bag": (2, 256),
    }
    with deepcopy(vector.envs[0]) as other:
        step = other.step(2)[0]
        assert other.observation_space.contains(step)
        seen = vector.step(np.array([2, 2]))[0]
        assert (seen["position"][0] == step["position"]).all()  # type: ignore[typeddict-item]
    vector.close()


@pytest.mark.parametrize("names", ["bag", ("purse",), ("bag", "bag"), 3])
def test_what_is_no_extra_is_refused(names: Any) -> None:
    with pytest.raises(ConfigError, match="'position', 'badges', 'bag'"):
        PokeRedEnv(observation_extras=names)
