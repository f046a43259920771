"""The action mask stands in the observation exactly if the agent learned it there."""

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent import Agent, preset
from gymnasium import spaces
from hybrid_ppo import ActionMaskWrapper, ObservationKeyError, WorldModelVecEnv
from masked_env import MaskedEnv
from stable_baselines3.common.vec_env import DummyVecEnv

WITH_MASK = spaces.Dict(
    observation=MaskedEnv.observation_space, action_mask=spaces.Box(0, 1, (2,), np.uint8)
)


def make_agent(space: spaces.Space[object]) -> Agent:
    return Agent(space, MaskedEnv.action_space, preset("paper", "xs"))


class Quiet(MaskedEnv):
    """Gives a mask at the beginning only, or never."""

    def __init__(self, at_first: bool) -> None:
        self.at_first = at_first

    def _info(self) -> dict[str, object]:
        return super()._info() if self.at_first and not self.count else {}


def test_the_mask_is_that_of_the_same_step() -> None:
    env = ActionMaskWrapper(MaskedEnv(), make_agent(WITH_MASK))
    assert env.observation_space == WITH_MASK
    seen = [env.reset()[0]] + [env.step(1)[0] for _ in range(3)]
    assert all(WITH_MASK.contains(obs) for obs in seen)
    assert [obs["action_mask"].tolist() for obs in seen] == [[0, 1], [1, 1], [1, 1], [1, 0]]
    assert [obs["observation"].item() for obs in seen] == [0, 1, 2, 3]


def test_the_last_mask_holds_where_none_is_given() -> None:
    env = ActionMaskWrapper(Quiet(at_first=True), make_agent(WITH_MASK))
    env.reset()
    assert env.step(1)[0]["action_mask"].tolist() == [0, 1]


def test_a_mask_that_is_missing_is_named() -> None:
    env = ActionMaskWrapper(Quiet(at_first=False), make_agent(WITH_MASK))
    with pytest.raises(ObservationKeyError, match=r"'action_mask'.*no info"):
        env.reset()


def test_an_environment_whose_mask_the_agent_does_not_know_stays_as_it_is() -> None:
    env = ActionMaskWrapper(MaskedEnv(), make_agent(MaskedEnv.observation_space))
    assert env.observation_space == MaskedEnv.observation_space
    assert env.reset()[0].tolist() == env.unwrapped.reset()[0].tolist()


def test_a_mask_that_is_observed_already_stays_as_it_is() -> None:
    class Observed(MaskedEnv):
        observation_space = WITH_MASK

    env: gym.Env[object, object] = ActionMaskWrapper(Observed(), make_agent(WITH_MASK))
    assert env.observation_space is WITH_MASK


def test_the_world_model_filters_an_environment_with_the_mask_in_its_info() -> None:
    agent = make_agent(WITH_MASK)
    env = WorldModelVecEnv(DummyVecEnv([lambda: ActionMaskWrapper(MaskedEnv(), agent)]), agent)
    features = [env.reset()] + [env.step(np.array([1]))[0] for _ in range(7)]
    assert all(np.isfinite(feature).all() for feature in features)


def test_action_masks_are_those_of_the_present_step() -> None:
    env = ActionMaskWrapper(MaskedEnv(), make_agent(WITH_MASK))
    env.reset()
    assert env.action_masks().tolist() == [False, True]
    env.step(1)
    assert env.action_masks().tolist() == [True, True]


def test_action_masks_need_no_agent_that_knows_them() -> None:
    env = ActionMaskWrapper(MaskedEnv(), make_agent(MaskedEnv.observation_space))
    env.reset()
    assert env.action_masks().tolist() == [False, True]


def test_action_masks_of_an_environment_without_masks_are_named() -> None:
    env = ActionMaskWrapper(Quiet(at_first=False), make_agent(MaskedEnv.observation_space))
    env.reset()
    with pytest.raises(ObservationKeyError, match="nothing MaskablePPO could mask with"):
        env.action_masks()
