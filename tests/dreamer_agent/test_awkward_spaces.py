"""Spaces and arrays real environments have are learned from, or refused in words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from dreamer_agent import Agent, Replay, make_row
from dreamer_agent.config import ModalityConfig
from dreamer_agent.errors import SpaceError
from dreamer_agent.spaces.keys import as_dict_space, by_key
from gymnasium import spaces
from tiny import tiny_agent

Box = spaces.Box
NUMBERS, CHOICE = Box(-1, 1, (3,), np.float32), spaces.Discrete(2)
OBSERVATIONS = {
    "tuple": spaces.Tuple((spaces.Discrete(5), Box(0, 1, (2,)))),
    "float64 scalar": Box(-np.inf, np.inf, (), np.float64),
    "bool box": Box(0, 1, (4,), np.bool_),
    "int64 box": Box(-5, 10**9, (3,), np.int64),
    "picture of one pixel": Box(0, 255, (1, 1, 3), np.uint8),
    "float picture": Box(0, 1, (12, 12, 3), np.float32),
    "2-d multidiscrete": spaces.MultiDiscrete(np.array([[2, 3], [4, 5]])),
    "discrete from 5": spaces.Discrete(3, start=5),
    "2-d flags": spaces.MultiBinary((3, 2)),
    "float16": Box(-1, 1, (3,), np.float16),
}
ACTIONS = {
    "discrete from 1": spaces.Discrete(3, start=1),
    "open box": Box(-np.inf, np.inf, (2,), np.float32),
    "odd box": Box(np.array([-3.0, 0.0]), np.array([1.0, 800.0]), dtype=np.float64),
    "multidiscrete": spaces.MultiDiscrete([3, 4]),
    "flags": spaces.MultiBinary(4),
    "2-d flags": spaces.MultiBinary((2, 2)),
    "2-d box": Box(-1, 1, (2, 2), np.float32),
}


def learn(observation_space, action_space, config=None, view=np.asarray):
    """Act, store and update once; the agent, and the update's metrics."""
    config = config or tiny_agent()
    agent = Agent(observation_space, action_space, config)
    space = as_dict_space(observation_space)
    replay = Replay.for_spaces(space, action_space, batch_size=2, sequence_length=6)
    observation_space.seed(0)
    zero = np.zeros(action_space.shape or (), action_space.dtype)
    state = agent.initial_state(1)
    for step in range(14):
        obs = {key: view(value) for key, value in by_key(observation_space.sample()).items()}
        is_first = step == 0
        batched = {key: view(np.asarray(value)[None]) for key, value in obs.items()}
        action, state = agent.act(batched, state, np.array([is_first]))
        scalar = action[0] if action_space.shape else action_space.dtype.type(action[0])
        assert action_space.contains(scalar), scalar
        replay.add(make_row(obs, zero if is_first else action[0], 0.5, is_first=is_first))
    metrics = agent.update(replay.sample()).metrics
    assert all(np.isfinite(value) for value in metrics.values())
    return agent, metrics


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_observations_are_learned_from(name):
    learn(OBSERVATIONS[name], CHOICE)


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_stay_in_their_space_and_are_learned_from(name):
    learn(NUMBERS, ACTIONS[name])


@pytest.mark.parametrize(
    "space", [spaces.Text(9), spaces.Sequence(NUMBERS), spaces.Dict(a=spaces.Dict(b=CHOICE))]
)
def test_what_cannot_be_stored_is_refused_by_key(space):
    parts = space if isinstance(space, spaces.Dict) else spaces.Dict(a=space)
    for make in (
        lambda: Agent(parts, CHOICE, tiny_agent()),
        lambda: Replay.for_spaces(parts, CHOICE, batch_size=1, sequence_length=2),
    ):
        with pytest.raises(SpaceError, match="'a'"):
            make()


@pytest.mark.parametrize("space", [Box(0, 5, (2,), np.int64), Box(0, 1, (0,)), spaces.Text(3)])
def test_actions_nobody_can_draw_are_refused(space):
    with pytest.raises(SpaceError, match="Action space"):
        Agent(NUMBERS, space, tiny_agent())


def test_flipped_arrays_are_taken_as_any_other():
    flipped = spaces.Dict(screen=Box(0, 255, (6, 8, 3), np.uint8), numbers=NUMBERS)
    learn(flipped, ACTIONS["2-d box"], view=lambda x: np.flip(np.flip(x).copy()))


def with_modality(key, **settings):
    return dataclasses.replace(tiny_agent(), modalities={key: ModalityConfig(**settings)})


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 10, (5, 5, 3), np.uint8),
        Box(np.array([-2, 0]), np.array([3, 1]), dtype=np.int64),
        Box(0, 1, (4,), np.bool_),
    ],
)
def test_bounded_integer_boxes_can_be_read_as_classes(box):
    config = with_modality("observation", modality="discrete")
    agent, _ = learn(box, CHOICE, config)
    spec = agent.observations["observation"]
    assert spec.classes == tuple((box.high.astype(int) - box.low.astype(int) + 1).ravel())
    assert spec.likelihood == "categorical"


def test_numbers_without_bounds_are_no_classes():
    for box in (Box(0, 2**40, (2,), np.int64), NUMBERS):
        with pytest.raises(SpaceError, match="bounded integers"):
            Agent(box, CHOICE, with_modality("observation", modality="discrete"))


def test_a_class_that_is_not_there_is_named_when_acting_and_when_learning():
    config = with_modality("observation", modality="discrete")
    agent = Agent(Box(2, 5, (3,), np.int64), CHOICE, config)
    for value in (1, 6):
        obs = np.array([[2, value, 5]])
        with pytest.raises(SpaceError, match=rf"'observation' holds {value}.*2 to 5"):
            agent.act(obs, agent.initial_state(1), np.array([True]))


def test_a_key_neither_seen_nor_predicted_is_left_out_whatever_its_space():
    space = spaces.Dict(mission=spaces.Text(30), numbers=NUMBERS)
    agent = Agent(space, CHOICE, with_modality("mission", encode=False, decode=False))
    assert list(agent.observations) == ["numbers"]
