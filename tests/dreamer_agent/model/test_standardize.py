from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from batches import random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.config import VectorConfig
from dreamer_agent.model.decoders import VectorDecoder
from dreamer_agent.model.encoders import VectorEncoder
from dreamer_agent.model.standardize import Standardizer, learn_scales
from dreamer_agent.presets import preset
from dreamer_agent.spaces.observation import ObservationSpec
from gymnasium import spaces

SPEC = ObservationSpec("x", "vector", "mse", (2,), "float32")
CONFIG = VectorConfig(units=8, layers=1, scaling="standard")
MEAN, STD = (1000.0, -0.5), (50.0, 0.01)


def batches(number, size=64):
    rng = np.random.default_rng(0)
    return [
        torch.tensor(rng.normal(MEAN, STD, (size, 2)), dtype=torch.float32) for _ in range(number)
    ]


def trained(number=50):
    standardizer = Standardizer(2)
    for batch in batches(number):
        standardizer.learn(batch, torch.ones(len(batch)))
    return standardizer


def test_statistics_are_those_of_all_early_batches():
    standardizer, seen = trained(), torch.cat(batches(50)).double()
    torch.testing.assert_close(standardizer.mean.double(), seen.mean(0), rtol=1e-4, atol=0)
    torch.testing.assert_close(standardizer.std[0].double(), seen.std(0)[0], rtol=0.01, atol=0)


def test_a_small_spread_far_from_zero_is_not_lost_to_rounding():
    standardizer = Standardizer(1)
    for batch in batches(200):
        near = batch[:, :1] * 0.001 + 300
        standardizer.learn(
            near, torch.ones(len(near))
        )  # 301 ± 0.05: its square has no digits to spare
    assert standardizer.std.item() == pytest.approx(0.05, rel=0.1)


def test_numbers_come_out_with_unit_spread_and_go_back():
    standardizer, batch = trained(), batches(1, 1000)[0]
    scaled = standardizer(batch)
    assert scaled.mean(0).abs().max() < 0.1
    assert (scaled.std(0) - 1).abs().max() < 0.1
    torch.testing.assert_close(standardizer.inverse(scaled), batch, rtol=1e-4, atol=1e-4)


def test_padding_and_broken_rows_do_not_count():
    standardizer = trained()
    before = {name: value.clone() for name, value in standardizer.state_dict().items()}
    standardizer.learn(torch.full((4, 2), 1e6), torch.zeros(4))
    standardizer.learn(torch.full((4, 2), torch.nan), torch.ones(4))
    assert all(torch.equal(before[name], v) for name, v in standardizer.state_dict().items())
    row = torch.tensor([[1000.0, -0.5], [torch.nan, 0.0], [9e9, 9e9]])
    standardizer.learn(row, torch.tensor([1.0, 1.0, 0.0]))
    assert standardizer.mean[0].item() == pytest.approx(1000, abs=5)


def test_outliers_and_constants_stay_finite():
    standardizer = Standardizer(2)
    for _ in range(100):
        standardizer.learn(torch.tensor([[3.0, 7.0], [3.0, 9.0]]), torch.ones(2))
    assert standardizer(torch.tensor([[3.0, 8.0]])).abs().max() < 1e-2
    assert standardizer(torch.tensor([[4.0, 1e9]])).tolist() == [[10.0, 10.0]]


def test_the_encoder_sees_and_the_decoder_predicts_standard_numbers():
    encoder, decoder = VectorEncoder(SPEC, CONFIG), VectorDecoder(SPEC, CONFIG, 4)
    feature, data = torch.zeros(64, 4), batches(50)
    for batch in data:
        learn_scales({"x": encoder}, {"x": batch}, torch.ones(64))
        learn_scales({"x": decoder}, {"x": batch}, torch.ones(64))
    scaled = (data[0] - decoder.standardizer.mean) / decoder.standardizer.std
    torch.testing.assert_close(encoder(data[0]), encoder.mlp(scaled))
    expected = (decoder(feature) - scaled).square().sum(-1)
    torch.testing.assert_close(decoder.loss(feature, data[0]), expected)
    predicted = decoder(feature) * decoder.standardizer.std + decoder.standardizer.mean
    torch.testing.assert_close(decoder.predict(feature), predicted)


def test_an_agent_learns_the_scales_from_updates_and_from_nothing_else():
    config = dataclasses.replace(preset("paper", "xs"), vector=VectorConfig(scaling="standard"))
    space = spaces.Box(-np.inf, np.inf, (3,), np.float32)
    agent = Agent(space, spaces.Discrete(2), config)
    batch = random_batch(space, spaces.Discrete(2))
    batch.obs["observation"] += 100

    def means():
        return [v for name, v in agent.state_dict().items() if name.endswith("standardizer.mean")]

    agent.world_model.train()
    agent.world_model.open_loop(batch)
    assert [mean.abs().max().item() for mean in means()] == [0, 0]  # of encoder and decoder
    agent.update(batch)
    expected = torch.as_tensor(batch.obs["observation"]).mean((0, 1))
    for mean in means():
        torch.testing.assert_close(mean, expected)
