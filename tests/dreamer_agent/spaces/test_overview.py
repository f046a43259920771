import re

import numpy as np
import pytest
from dreamer_agent.config import AgentConfig, ModalityConfig
from dreamer_agent.spaces.observation import observation_specs
from dreamer_agent.spaces.overview import COLUMNS, doubts, overview
from gymnasium import spaces


def doubts_of(box, hints=None, **settings):
    config = AgentConfig(modalities={"x": ModalityConfig(**settings)})
    specs = observation_specs(spaces.Dict(x=box), config, hints)
    return doubts(specs, config, hints or {})


def test_every_key_is_a_row_of_what_happens_to_it():
    space = spaces.Dict(
        mission=spaces.Text(9),
        screen=spaces.Box(0, 255, (32, 40, 3), np.uint8),
        trail=spaces.Box(0, 255, (32, 40), np.uint8),
        text=spaces.Box(0, 99, (20,), np.uint8),
        speed=spaces.Box(-1, 1, (2,), np.float32),
        gear=spaces.Discrete(5),
    )
    config = AgentConfig(
        modalities={
            "mission": ModalityConfig(encode=False, decode=False),
            "speed": ModalityConfig(loss_scale=0.5),
            "gear": ModalityConfig(decode=False),
            "text": ModalityConfig(encode=False),
        }
    )
    specs = observation_specs(space, config, {"trail": "mask/8", "text": "tokens"})
    rows = {row[0]: row[1:] for row in overview(specs, config)}
    assert all(len(row) == len(COLUMNS) - 1 for row in rows.values())
    assert rows == {
        "screen": ("uint8 (32, 40, 3)", "image", "CNN (tile)", "mse", "1"),
        "trail": ("uint8 (32, 40)", "mask/8", "CNN (tile)", "bernoulli", "1"),
        "text": ("uint8 (20,)", "tokens", "none", "categorical", "1"),
        "speed": ("float32 (2,)", "vector", "MLP (symlog)", "symlog_mse", "0.5"),
        "gear": ("int64 ()", "discrete", "MLP (one-hot of 5)", "none", ""),
        "mission": ("", "left out", "none", "none", ""),
    }


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (spaces.Box(0, 255, (3, 12, 12), np.uint8), r"12 channels.*\(12, 12, 3\).*--wrappers"),
        (spaces.Box(0, 1, (64, 64, 3), np.float32), "12,288 numbers.*{x: {modality: image}}"),
        (spaces.Box(0, 1, (3, 64, 64), np.float32), "12,288 numbers.*--wrappers"),
        (spaces.Box(0, 1, (84, 84), np.float32), "7,056 numbers.*{x: {modality: image}}"),
        (spaces.Box(0, 255, (4, 64, 64, 3), np.uint8), r"stack.*\(64, 64, 12\).*--wrappers"),
        (spaces.Box(0, 255, (7, 7, 3), np.uint8), "symbolic grid.*{x: {modality: discrete}}"),
        (spaces.Box(0, 5, (9,), np.int64), "amounts.*{x: {modality: discrete}}"),
    ],
)
def test_guesses_that_may_be_wrong_name_the_setting_that_mends_them(box, words):
    (doubt,) = doubts_of(box)
    assert "'x'" in doubt
    assert re.search(words, doubt), doubt


@pytest.mark.parametrize(
    "box",
    [
        spaces.Box(0, 255, (64, 64, 3), np.uint8),
        spaces.Box(0, 255, (72, 80, 1), np.uint8),
        spaces.Box(0, 255, (84, 84), np.uint8),
        spaces.Box(0, 255, (128,), np.uint8),
        spaces.Box(-1, 1, (335,), np.float32),
        spaces.Box(-1, 1, (4, 12), np.float32),
        spaces.Box(0, 2**30, (3,), np.int64),
    ],
)
def test_what_is_plain_is_not_doubted(box):
    assert doubts_of(box) == []


def test_what_was_said_is_not_doubted():
    grid = spaces.Box(0, 10, (7, 7, 3), np.uint8)
    assert doubts_of(grid)
    assert doubts_of(grid, modality="discrete") == doubts_of(grid, modality="image") == []
    assert doubts_of(grid, {"x": "image"}) == []
