"""SB3's wrappers may stand above the world model's; co-training goes through them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dreamer_agent import Agent, Replay, preset
from gymnasium import spaces
from hybrid_ppo import (
    DreamerPPOMultiInputPolicy,
    DreamerPPOPolicy,
    NotLatentError,
    RowRecorder,
    WorldModelCallback,
    WorldModelVecEnv,
)
from hybrid_ppo.wrapper_stack import find_world_model, seen_from_above
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecCheckNan,
    VecEnv,
    VecEnvWrapper,
    VecMonitor,
    VecNormalize,
)
from step_counter import CountingEnv

STACKS: dict[str, Callable[[VecEnv], VecEnv]] = {
    "none": lambda env: env,
    "VecMonitor": VecMonitor,
    "VecNormalize": VecNormalize,
    "rewards only": lambda env: VecNormalize(env, norm_obs=False),
    "three": lambda env: VecCheckNan(VecNormalize(VecMonitor(env))),
}


class PictureEnv(CountingEnv):
    """Shows the number of steps as a picture, channels last."""

    def __init__(self) -> None:
        super().__init__(5)
        self.observation_space = spaces.Dict(
            screen=spaces.Box(0, 255, (36, 36, 3), np.uint8), last=spaces.Discrete(3)
        )

    def _observation(self) -> dict[str, Any]:
        screen = np.full((36, 36, 3), 10 * self.count, np.uint8)
        return {"screen": screen, "last": np.int64(self.last)}


class Doubled(VecEnvWrapper):
    """A wrapper of a user's own."""

    def reset(self) -> Any:
        return 2 * self.venv.reset()

    def step_wait(self) -> Any:
        obs, *rest = self.venv.step_wait()
        return (2 * obs, *rest)


def make_replay(venv: VecEnv) -> Replay:
    return Replay.for_spaces(
        venv.observation_space,
        venv.action_space,
        num_streams=venv.num_envs,
        batch_size=2,
        sequence_length=8,
    )


@pytest.mark.parametrize("name", STACKS)
def test_co_training_goes_through_wrappers_above(
    venv: DummyVecEnv, fast_agent: Agent, name: str
) -> None:
    replay = make_replay(venv)
    latent = WorldModelVecEnv(venv, fast_agent, recorder=RowRecorder(replay), history_steps=16)
    env = STACKS[name](latent)
    model = PPO(DreamerPPOPolicy, env, n_steps=16, batch_size=16, n_epochs=1, seed=0)
    callback = WorldModelCallback(fast_agent, replay, updates_per_rollout=2)
    before = latent.reset()
    model.learn(32, callback=callback)
    assert callback.updates == 2
    assert not np.array_equal(before, latent.present())
    np.testing.assert_array_equal(model._last_obs, seen_from_above(env, latent.present()))


def test_co_training_with_a_raw_picture_that_sb3_transposes() -> None:
    venv = DummyVecEnv([PictureEnv, PictureEnv])
    agent = Agent(venv.observation_space, venv.action_space, preset("paper", "xs"))
    replay = make_replay(venv)
    env = WorldModelVecEnv(
        venv, agent, include_raw=["screen"], recorder=RowRecorder(replay), history_steps=16
    )
    model = PPO(DreamerPPOMultiInputPolicy, env, n_steps=16, batch_size=16, n_epochs=1)
    model.learn(32, callback=WorldModelCallback(agent, replay, updates_per_rollout=1))
    present = env.present()
    assert isinstance(present, dict) and isinstance(model._last_obs, dict)
    assert find_world_model(model.env) is env
    np.testing.assert_array_equal(model._last_obs["features"], present["features"])
    screens = present["screen"].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(model._last_obs["screen"], screens)


def test_a_wrapper_whose_doing_is_not_known_is_named_at_the_start(
    venv: DummyVecEnv, agent: Agent
) -> None:
    replay = make_replay(venv)
    env = Doubled(WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay)))
    model = PPO(DreamerPPOPolicy, env, n_steps=16, batch_size=16)
    with pytest.raises(NotLatentError, match="Doubled stands above"):
        model.learn(16, callback=WorldModelCallback(agent, replay, updates_per_rollout=1))
    assert replay.stats().rows == 2  # the resets: nothing was collected


def test_an_environment_without_a_world_model_is_named(venv: DummyVecEnv) -> None:
    with pytest.raises(NotLatentError, match="VecMonitor on DummyVecEnv"):
        find_world_model(VecMonitor(venv))
