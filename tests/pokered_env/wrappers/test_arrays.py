from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pokered_env.errors import ConfigError
from pokered_env.wrappers import FlatObservation, HashedWords, ScreenOnly

ID = "pokered_env:PokeRed-v0"


class Pictures(gym.Env[Any, Any]):
    """Shows a picture given, and by each step one that is brighter by one."""

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture
        box = gym.spaces.Box(0, 255, picture.shape, np.uint8)
        self.observation_space = gym.spaces.Dict({"screen": box})
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, **kwargs: Any) -> Any:
        return {"screen": self.picture}, {}

    def step(self, action: Any) -> Any:
        self.picture = self.picture + np.uint8(1)
        return {"screen": self.picture}, 0.0, False, False, {}


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.parametrize(
    ("wrap", "shape", "dtype"),
    [
        (ScreenOnly, (72, 80, 1), np.uint8),
        (lambda env: ScreenOnly(env, (84, 84), num_frames=4), (84, 84, 4), np.uint8),
        (
            lambda env: ScreenOnly(env, keys=("screen", "visited_mask"), channels_first=True),
            (2, 72, 80),
            np.uint8,
        ),
        (FlatObservation, (335,), np.float32),
        (lambda env: FlatObservation(HashedWords(env), ("text", "state")), (591,), np.float32),
    ],
)
def test_they_make_one_array_and_are_made_again_from_their_spec(
    wrap: Any, shape: tuple[int, ...], dtype: Any
) -> None:
    env = wrap(gym.make(ID))
    check_env(env, skip_render_check=True)
    seen, _ = env.reset(seed=0)
    assert (seen.shape, seen.dtype) == (shape, dtype)
    again = gym.make(env.spec)
    assert np.array_equal(again.reset(seed=0)[0], seen)
    assert again.observation_space == env.observation_space
    env.close()
    again.close()


def test_the_screen_is_the_screen_and_the_mask_lies_in_the_next_channel() -> None:
    env = ScreenOnly(gym.make(ID), keys=("screen", "visited_mask"))
    alone: Any = gym.make(ID)
    seen, (expected, _) = env.reset(seed=0)[0], alone.reset(seed=0)
    assert np.array_equal(seen[..., :1], expected["screen"])
    assert np.array_equal(seen[..., 1:], expected["visited_mask"])
    env.close()
    alone.close()


def test_sizes_are_averages_of_areas() -> None:
    picture = np.random.default_rng(0).integers(0, 250, (4, 6, 1)).astype(np.uint8)
    seen, _ = ScreenOnly(Pictures(picture), (2, 3)).reset()
    means = picture.reshape(2, 2, 3, 2).mean(axis=(1, 3))
    assert np.abs(seen[..., 0] - means).max() <= 0.5
    larger, _ = ScreenOnly(Pictures(picture), (8, 12)).reset()
    assert np.array_equal(larger, picture.repeat(2, axis=0).repeat(2, axis=1))
    plain = np.full((4, 6, 1), 255, np.uint8)
    assert (ScreenOnly(Pictures(plain), (3, 5)).reset()[0] == 255).all()


def test_frames_follow_each_other_and_the_first_is_repeated() -> None:
    env = ScreenOnly(Pictures(np.zeros((2, 2, 1), np.uint8)), num_frames=3)
    assert env.reset()[0][0, 0].tolist() == [0, 0, 0]
    env.step(0)
    assert env.step(0)[0][0, 0].tolist() == [0, 1, 2]
    kept = env.step(0)[0]
    env.step(0)
    assert kept[0, 0].tolist() == [1, 2, 3]  # no view of what changes
    assert env.reset()[0][0, 0].tolist() == [4, 4, 4]


def test_flat_numbers_lie_between_0_and_1_in_the_order_of_the_keys() -> None:
    env = FlatObservation(gym.make(ID), ("state", "screen"))
    alone: Any = gym.make(ID)
    seen, (expected, _) = env.reset(seed=0)[0], alone.reset(seed=0)
    assert np.array_equal(seen[:335], expected["state"])
    assert np.allclose(seen[335:] * 255, expected["screen"].ravel())
    assert seen.max() == 1.0
    env.close()
    alone.close()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: ScreenOnly(env, keys=()),
        lambda env: ScreenOnly(env, keys=("state",)),
        lambda env: ScreenOnly(env, keys="screen"),
        lambda env: ScreenOnly(env, (84,)),  # type: ignore[arg-type]
        lambda env: ScreenOnly(env, 84),  # type: ignore[arg-type]
        lambda env: ScreenOnly(env, (0, 84)),
        lambda env: ScreenOnly(env, num_frames=0),
        lambda env: FlatObservation(env, ("sound",)),
        lambda env: FlatObservation(gym.make("CartPole-v1")),
    ],
)
def test_what_they_cannot_make_is_refused(wrap: Any) -> None:
    env = gym.make(ID)
    with pytest.raises(ConfigError):
        wrap(env)
    env.close()
