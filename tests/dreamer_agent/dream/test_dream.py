"""Dreams: what is measured, what is drawn, what is written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from batches import random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.cli import main
from dreamer_agent.dream.frames import _phase, render_frames
from dreamer_agent.dream.panels import decode_text, draw_panels
from dreamer_agent.dream.sequences import (
    dream,
    first_rows,
    modality_names,
    most_to_see,
    pick_sequences,
    save_dream,
)
from dreamer_agent.dream.world_metrics import open_loop_errors, select_horizons
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.model.open_loop import OpenLoop
from dreamer_agent.replay import Batch, Replay
from dreamer_agent.training.collect import Collector
from dreamer_agent.training.trainer import train
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv
from multimodal_env import WalkEnv
from PIL import Image
from tiny import tiny_agent, tiny_config


def open_loop(context_steps=2, **observations):
    first = next(iter(observations.values()))[0]
    zeros = np.zeros(first.shape[:2], np.float32)
    return OpenLoop(observations, (zeros, zeros + 0.5), (zeros + 1, zeros + 1), context_steps)


def no_resets(batch=1, length=5):
    return np.zeros((batch, length), bool)


def test_image_error_is_compared_with_repeating_the_last_frame_seen():
    truth = np.zeros((1, 5, 2, 2, 1), np.uint8)
    truth[0, 3:] = 100
    predicted = truth.copy()
    predicted[0, 4] = 90
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "image"}, no_resets())
    assert errors["x/mae"].tolist() == [0, 0, 10]
    assert errors["x/mae_copy"].tolist() == [0, 100, 100]
    assert errors["reward/mae"].tolist() == [0.5, 0.5, 0.5]


def test_mask_overlap_counts_an_empty_mask_rightly_predicted_as_one():
    truth = np.zeros((1, 5, 2, 2), np.uint8)
    truth[0, 3, 0] = 255
    predicted = truth.copy()
    predicted[0, 3, :, 0] = 255
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "mask"}, no_resets())
    assert errors["x/iou"].tolist() == [1, 2 / 3, 1]


@pytest.mark.parametrize("high", [1, 255])
def test_a_perfect_mask_scores_one_and_a_wrong_one_less_whatever_its_high_value(high):
    truth = np.zeros((1, 5, 2, 2), np.uint8)
    truth[0, :, 0] = high
    wrong = truth[:, :, ::-1].copy()
    for predicted, expected in ((truth, 1), (wrong, 0)):
        errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "mask"}, no_resets())
        assert errors["x/iou"].tolist() == [expected] * 3


def test_text_accuracy_leaves_padding_out():
    truth, predicted = (np.zeros((1, 5, 10), np.uint8) for _ in range(2))
    truth[0, :, :4], predicted[0, :, :4] = 65, 65
    predicted[0, 3, 3], predicted[0, 4, 4] = 66, 65
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "tokens"}, no_resets())
    assert errors["x/accuracy"].tolist() == [1, 0.75, 0.8]
    assert errors["x/exact"].tolist() == [1, 0, 0]


def test_empty_pages_rightly_predicted_do_not_flatter_the_text_accuracy():
    truth, predicted = (np.zeros((2, 5, 10), np.uint8) for _ in range(2))
    truth[0, 3:, :4], predicted[0, 3:, :2] = 65, 65
    predicted[1, 4, 0] = 65
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "tokens"}, no_resets(2))
    assert np.isnan(errors["x/accuracy"][0]), "no text to read"
    assert errors["x/accuracy"][1:].tolist() == [0.5, 0.25]
    assert errors["x/exact"].tolist() == [1, 0.5, 0]


def test_reward_auc_ranks_steps_that_paid_against_those_that_did_not():
    truth = np.zeros((4, 5), np.float32)
    truth[:2, 2:4] = 1.0
    predicted = np.zeros((4, 5), np.float32)
    predicted[:, 2] = [0.9, 0.4, 0.3, 0.1]
    predicted[:, 3] = [0.9, 0.2, 0.2, 0.5]
    ones = np.ones((4, 5), np.float32)
    errors = open_loop_errors(OpenLoop({}, (truth, predicted), (ones, ones), 2), {}, no_resets(4))
    assert errors["reward/auc"][:2].tolist() == [1, 0.625]
    assert np.isnan(errors["reward/auc"][2]), "none paid"
    assert select_horizons(errors, (1, 2, 3)).keys() >= {"reward/auc@1", "reward/auc@2"}
    assert "reward/auc@3" not in select_horizons(errors, (3,))


def test_vector_error_is_in_the_observations_own_units():
    truth = np.full((2, 5, 3), 7.0)
    errors = open_loop_errors(open_loop(x=(truth, truth + 2)), {"x": "vector"}, no_resets(2))
    assert errors["x/mae"].tolist() == [2, 2, 2]


def test_the_fields_of_a_vector_are_measured_apart_in_their_own_units():
    truth = np.zeros((2, 5, 4))
    predicted = truth.copy()
    predicted[:, 3, :2], predicted[0, 4, 3] = 0.1, 0.5
    fields = {
        "x": [
            {"name": "levels", "start": 0, "size": 2, "scale": 100.0, "unit": "levels"},
            {"name": "flag", "start": 3, "size": 1},
        ],
        "absent": [{"name": "y", "start": 0, "size": 1}],
    }
    result = open_loop(x=(truth, predicted))
    errors = open_loop_errors(result, {"x": "vector"}, no_resets(2), fields)
    assert errors["x.levels/mae"].tolist() == pytest.approx([0, 10, 0])
    assert errors["x.flag/mae"].tolist() == pytest.approx([0, 0, 0.25])
    assert errors["x/mae"].tolist() == pytest.approx([0, 0.05, 0.0625])
    assert not any("absent" in name for name in errors)


def test_steps_after_a_reset_the_model_cannot_see_are_left_out():
    truth = np.zeros((2, 5, 1))
    predicted = truth.copy()
    predicted[0, 3:] = 99
    is_first = no_resets(2)
    is_first[0, 3] = True
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "vector"}, is_first)
    assert errors["x/mae"].tolist() == [0, 0, 0]
    is_first[1, 4] = True
    errors = open_loop_errors(open_loop(x=(truth, predicted)), {"x": "vector"}, is_first)
    assert np.isnan(errors["x/mae"][2])
    assert "x/mae@3" not in select_horizons(errors, (1, 3, 9))


def test_the_sequence_shown_is_the_one_in_which_most_happens_before_a_reset():
    def batch(values, resets=()):
        is_first = np.zeros((len(values), 6), bool)
        for place in resets:
            is_first[place] = True
        obs = {"x": np.array(values)[..., None]}
        rest = np.zeros(is_first.shape)
        return Batch(obs, rest, rest, is_first, is_first, is_first, rest)

    still, walks = [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5]
    assert most_to_see(batch([still, walks]), 2) == (1, 6)
    assert most_to_see(batch([walks, walks], [(0, 3), (1, 0), (1, 5)]), 2) == (1, 5)
    assert most_to_see(batch([still, walks], [(1, 2)]), 2) == (0, 6)
    assert most_to_see(batch([walks], [(0, 2)]), 2) == (0, 3)


def test_a_frame_says_how_far_ahead_it_is():
    result = open_loop(x=(np.zeros((1, 4, 2)), np.zeros((1, 4, 2))))
    said = [_phase(result, t) for t in range(4)]
    assert said == ["seen, step 1", "seen, step 2", "dream, 1 ahead", "dream, 2 ahead"]


@pytest.mark.parametrize(
    ("ids", "alphabet", "text"),
    [
        ([72, 105, 10, 1, 0, 65], None, "Hi\n·"),
        ([1, 2, 9, 0, 1], ["", "a", "b"], "ab?"),
        ([0, 0], None, ""),
        ([65, 66], None, "AB"),
    ],
)
def test_token_ids_become_characters(ids, alphabet, text):
    assert decode_text(np.array(ids, np.uint8), alphabet) == text


@pytest.mark.parametrize(
    ("modality", "shape", "high"),
    [
        ("image", (72, 80, 1), 255),
        ("image", (500, 300, 3), 255),
        ("mask", (72, 80), 2),
        ("tokens", (200,), 127),
        ("vector", (3,), 9),
        ("vector", (335,), 9),
        ("discrete", (), 5),
    ],
)
def test_every_modality_is_drawn_and_errors_show(modality, shape, high):
    rng = np.random.default_rng(0)
    dtype = np.float32 if modality == "vector" else np.uint8
    low = 0 if modality == "mask" else 1
    truth = np.asarray(rng.integers(low, high, shape)).astype(dtype)
    wrong = np.where(truth == low, low + 1, truth - 1).astype(dtype)
    same = draw_panels(modality, truth, truth, (100, 90))
    differs = draw_panels(modality, truth, wrong, (100, 90))
    assert all(panel.size == (100, 90) for panel in (*same, *differs))
    assert same[0].tobytes() == same[1].tobytes()
    assert same[2].tobytes() != differs[2].tobytes()
    assert np.asarray(same[2], int).sum() < np.asarray(differs[2], int).sum()


def test_what_is_set_in_a_mask_of_ones_is_drawn_white():
    mask = np.array([[0, 1], [0, 0]], np.uint8)
    real, same, error = draw_panels("mask", mask, mask, (100, 100), scale=(0, 1))
    assert real.getpixel((75, 25)) == same.getpixel((75, 25)) == (255, 255, 255)
    assert real.getpixel((25, 25)) == error.getpixel((75, 25)) == (0, 0, 0)
    error = draw_panels("mask", mask, np.zeros_like(mask), (100, 100))[2]
    assert error.getpixel((75, 25)) == (255, 255, 255)


FEW_LEVELS = spaces.Dict(
    screen=spaces.Box(0, 3, (4, 4), np.uint8), mask=spaces.Box(0, 1, (4, 4), np.uint8)
)


def test_a_dream_of_few_levels_stays_in_its_space_and_is_drawn_in_full_contrast():
    hints, action = {"mask": "mask"}, spaces.Discrete(2)
    agent = Agent(FEW_LEVELS, action, tiny_agent(), modalities=hints)
    batch = random_batch(FEW_LEVELS, action, length=5)
    batch.obs["screen"][0, 0] = 3
    result = first_rows(dream(agent, batch, 2), 5)
    for key, (_, predicted) in result.observations.items():
        assert all(FEW_LEVELS[key].contains(one) for one in predicted.reshape(-1, 4, 4))
    seen = render_frames(result, modality_names(agent))[0]
    top = list(result.observations).index("screen") * 240 + 22 + 16
    assert seen.getpixel((8 + 10, top + 10)) == (255, 255, 255)


@pytest.fixture(scope="module")
def walked():
    rows = EpisodeRows(SyncVectorEnv([WalkEnv] * 2, autoreset_mode="Disabled"))
    agent = Agent(
        rows.observation_space, rows.action_space, tiny_agent(), modalities=rows.modalities
    )
    replay = Replay.for_spaces(
        rows.observation_space, rows.action_space, num_streams=2, batch_size=2, sequence_length=8
    )
    collector = Collector(rows, agent, replay)
    for _ in range(60):
        collector.step()
    return agent, replay


def test_a_dream_of_all_modalities_is_written_and_measured(walked, tmp_path):
    agent, replay = walked
    batch = pick_sequences(replay, 4, 3, 12)
    assert batch.shape == (4, 15)
    figures = save_dream(agent, batch, tmp_path / "d.webp", WalkEnv.metadata, 3)
    assert {"screen/mae@1", "trail/iou@1", "text/accuracy@1", "state/mae@1"} <= figures.keys()
    assert {"state.place/mae@1", "state.count/mae@5"} <= figures.keys()
    with Image.open(tmp_path / "d.webp") as video:
        assert 4 <= video.n_frames <= 15


def test_dreaming_leaves_the_agents_generators_alone(walked, tmp_path):
    agent, replay = walked
    before = agent.rng_state()
    save_dream(agent, pick_sequences(replay, 2, 3, 12), tmp_path / "d.png", {}, 3)
    assert all((before[name] == value).all() for name, value in agent.rng_state().items())


def test_the_command_prints_fields_by_name_in_their_own_units(capsys, tmp_path):
    run = train(tiny_config(tmp_path / "run", env="multimodal_env:Walk-v0", env_steps=60))
    assert main(["dream", str(run), "--horizon", "10", "--context", "3"]) == 0
    said = capsys.readouterr()
    figures = json.loads(said.out.splitlines()[-1])
    assert figures["state.count/mae@5"] > 0
    (row,) = [line for line in said.err.splitlines() if "state.count/mae" in line]
    assert f"{figures['state.count/mae@5']:.4g}"[:4] in row


def test_sequences_get_shorter_with_a_small_replay():
    rows = EpisodeRows(SyncVectorEnv([WalkEnv], autoreset_mode="Disabled"))
    replay = Replay.for_spaces(
        rows.observation_space, rows.action_space, batch_size=1, sequence_length=8
    )
    for row in rows.first_rows():
        replay.add(row[1])
    for _ in range(13):
        for _, row in rows.step(np.array([0]))[0]:
            replay.add(row)
    assert pick_sequences(replay, 2, 5, 45).shape[1] < 14
