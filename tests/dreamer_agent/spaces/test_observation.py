from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from dreamer_agent.config import AgentConfig, ImageConfig, ModalityConfig, VectorConfig
from dreamer_agent.errors import ConfigError, SpaceError
from dreamer_agent.spaces.actions import action_spec
from dreamer_agent.spaces.keys import SINGLE_KEY
from dreamer_agent.spaces.observation import (
    action_mask_key,
    as_action_mask,
    describe,
    observation_specs,
)
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

GAME = spaces.Dict(
    screen=spaces.Box(0, 255, (72, 80, 1), np.uint8),
    visited_mask=spaces.Box(0, 255, (72, 80, 1), np.uint8),
    text=spaces.Box(0, 255, (200,), np.uint8),
    state=spaces.Box(0, 1, (335,), np.float32),
)
HINTS = {"visited_mask": "mask", "text": "tokens"}


def configured(**modalities):
    return AgentConfig(modalities={k: ModalityConfig(**v) for k, v in modalities.items()})


def test_the_games_keys_become_image_mask_tokens_and_vector():
    specs = observation_specs(GAME, AgentConfig(), HINTS)
    kinds = {key: (spec.modality, spec.likelihood) for key, spec in specs.items()}
    assert kinds == {
        "screen": ("image", "mse"),
        "visited_mask": ("mask", "bernoulli"),
        "text": ("tokens", "categorical"),
        "state": ("vector", "symlog_mse"),
    }
    assert specs["text"].classes == (256,)
    assert list(specs) == sorted(specs)


def test_without_hints_a_byte_vector_is_a_vector_and_a_byte_picture_an_image():
    specs = observation_specs(GAME, AgentConfig())
    assert specs["text"].modality == "vector"
    assert specs["visited_mask"].modality == "image"


def test_configuration_wins_over_the_environments_hint():
    config = configured(text={"modality": "vector"}, screen={"likelihood": "categorical"})
    specs = observation_specs(GAME, config, HINTS)
    assert specs["text"].modality == "vector"
    assert specs["screen"].classes == (4,)


def test_one_setting_predicts_shades_in_every_image_that_has_none_of_its_own():
    grey = AgentConfig(image=ImageConfig(likelihood="categorical"))
    specs = observation_specs(GAME, grey, HINTS)
    assert (specs["screen"].likelihood, specs["screen"].classes) == ("categorical", (4,))
    assert specs["visited_mask"].likelihood == "bernoulli"
    own = {"screen": ModalityConfig(likelihood="mse")}
    specs = observation_specs(GAME, replace(grey, modalities=own), HINTS)
    assert specs["screen"].likelihood == "mse"


def test_pictures_keep_the_highest_value_of_their_space():
    space = spaces.Dict(
        screen=spaces.Box(0, 3, (8, 8), np.uint8),
        flags=spaces.Box(0, 1, (8, 8, 1), np.uint8),
        bits=spaces.MultiBinary((8, 8)),
        levels=spaces.MultiDiscrete(np.full((8, 8), 5)),
        open=spaces.Box(-np.inf, np.inf, (8, 8), np.float32),
    )
    hints = {"flags": "mask", "bits": "mask", "levels": "image", "open": "mask"}
    specs = observation_specs(space, AgentConfig(), hints)
    highs = {key: spec.high for key, spec in specs.items()}
    assert highs == {"screen": 3, "flags": 1, "bits": 1, "levels": 4, "open": 255}


def test_a_single_space_gets_the_key_observation():
    assert list(observation_specs(spaces.Box(-1, 1, (4,)), AgentConfig())) == [SINGLE_KEY]


def test_discrete_spaces_carry_their_classes_and_starts():
    space = spaces.Dict(
        one=spaces.Discrete(5, start=2),
        many=spaces.MultiDiscrete([3, 4], start=[0, 1]),
        flags=spaces.MultiBinary(6),
    )
    specs = observation_specs(space, AgentConfig())
    assert (specs["one"].classes, specs["one"].offset) == ((5,), (2,))
    assert (specs["many"].classes, specs["many"].offset) == ((3, 4), (0, 1))
    assert specs["flags"].modality == "binary"


def test_unsquashed_vectors_use_the_plain_squared_error():
    specs = observation_specs(GAME, AgentConfig(vector=VectorConfig(scaling="none")))
    assert specs["state"].likelihood == "mse"


@pytest.mark.parametrize(
    ("config", "hints", "error", "words"),
    [
        (configured(radar={}), {}, ConfigError, ["radar", "screen"]),
        (configured(state={"likelihood": "bernoulli"}), {}, ConfigError, ["state", "bernoulli"]),
        (configured(state={"modality": "image"}), {}, SpaceError, ["state", "335"]),
        (configured(state={"modality": "tokens"}), {"screen": "tokens"}, SpaceError, ["screen"]),
        (AgentConfig(), {"text": "poem"}, ConfigError, ["poem", "tokens"]),
    ],
)
def test_contradictions_are_refused_by_name(config, hints, error, words):
    with pytest.raises(error) as caught:
        observation_specs(GAME, config, hints)
    assert all(word in str(caught.value) for word in words)


def test_unsupported_spaces_are_refused_by_key():
    nested = spaces.Dict(inner=spaces.Dict(x=spaces.Discrete(2)))
    with pytest.raises(SpaceError, match="inner"):
        observation_specs(nested, AgentConfig())
    channels_first = spaces.Dict(camera=spaces.Box(0, 255, (3, 64, 64), np.uint8))
    with pytest.raises(SpaceError, match="channels-first"):
        observation_specs(channels_first, AgentConfig())
    with pytest.raises(SpaceError, match="Tuple"):
        action_spec(spaces.Tuple([spaces.Discrete(2)]))


def test_nothing_to_see_is_refused():
    config = configured(observation={"encode": False})
    with pytest.raises(ConfigError, match="encode"):
        observation_specs(spaces.Discrete(3), config)


ACTIONS = [
    spaces.Discrete(7),
    spaces.Discrete(3, start=5),
    spaces.MultiDiscrete([2, 3, 4]),
    spaces.MultiDiscrete([2, 3], start=[1, -1]),
    spaces.Box(-2, 3, (2,), np.float32),
    spaces.Box(np.array([0, -1], np.float32), np.array([10, 1], np.float32)),
    spaces.Box(-np.inf, np.inf, (3,), np.float32),
]


@pytest.mark.parametrize("space", ACTIONS, ids=str)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_decoding_an_encoded_action_gives_it_back_in_the_spaces_own_form(space, seed):
    spec = action_spec(space)
    space.seed(seed)
    actions = np.stack([space.sample() for _ in range(4)])
    encoded = spec.encode(actions)
    assert encoded.shape == (4, spec.size)
    decoded = spec.decode(encoded)
    np.testing.assert_allclose(decoded, actions, rtol=1e-5, atol=1e-5)
    assert decoded.dtype == space.dtype
    assert all(space.contains(action) for action in decoded)


def test_bounded_box_actions_are_scaled_to_one_and_clipped_on_the_way_back():
    spec = action_spec(spaces.Box(0, 10, (1,), np.float32))
    assert spec.encode(np.array([[0.0], [5.0], [10.0]])).flatten().tolist() == [-1, 0, 1]
    assert spec.decode(spec.encode(np.array([[17.0]]))).item() == 10


def test_the_all_zero_action_of_a_first_row_is_accepted_whatever_the_start():
    spec = action_spec(spaces.Discrete(3, start=5))
    assert spec.encode(np.zeros(2, np.int64)).shape == (2, 3)


def test_actions_outside_the_space_are_refused():
    with pytest.raises(SpaceError, match="9"):
        action_spec(spaces.Discrete(3)).encode(np.array([9]))


def test_the_action_mask_is_found_by_name_and_read_as_flags():
    space = spaces.Dict(x=spaces.Discrete(2), action_mask=spaces.Box(0, 1, (7,), np.int8))
    specs = observation_specs(space, AgentConfig())
    seven = action_spec(spaces.Discrete(7))
    key = action_mask_key(specs, seven, AgentConfig())
    assert key == "action_mask"
    assert as_action_mask(specs, key)[key].likelihood == "bernoulli"
    with pytest.raises(SpaceError, match="7 flags for 4"):
        action_mask_key(specs, action_spec(spaces.Discrete(4)), AgentConfig())
    assert action_mask_key(specs, seven, AgentConfig(action_mask=None)) is None


def test_the_description_is_json_and_differs_when_a_space_does():
    specs, action = observation_specs(GAME, AgentConfig(), HINTS), action_spec(spaces.Discrete(7))
    described = describe(specs, action)
    assert json.loads(json.dumps(described)) == described
    other = describe(specs, action_spec(spaces.Discrete(8)))
    assert other["observation"] == described["observation"]
    assert other["action"] != described["action"]
    wide, narrow = (action_spec(spaces.Box(-1, high, (2,), np.float32)) for high in (2, 1))
    assert describe(specs, wide) != describe(specs, narrow)


@pytest.mark.parametrize(
    ("hint", "setting", "size"), [("mask/8", None, (9, 10, 1)), ("mask", 4, (18, 20, 1))]
)
def test_a_mask_drawn_in_squares_is_read_at_one_value_a_square(hint, setting, size):
    config = configured(visited_mask={"block": setting}) if setting else AgentConfig()
    spec = observation_specs(GAME, config, {"visited_mask": hint})["visited_mask"]
    assert (spec.modality, spec.shape, spec.image_size) == ("mask", (72, 80, 1), size)


@pytest.mark.parametrize("hint", ["mask/0", "mask/x", "image/8", "mask/"])
def test_a_hint_that_says_nothing_is_refused_by_name(hint):
    with pytest.raises(ConfigError, match=hint):
        observation_specs(GAME, AgentConfig(), {"visited_mask": hint})
