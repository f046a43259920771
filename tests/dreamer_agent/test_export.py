"""Exported features are those of the filter that runs from each stream's first kept row."""

from __future__ import annotations

import numpy as np
import torch
from batches import random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.export import export_features
from dreamer_agent.replay import Replay, ReplayConfig, make_row
from gymnasium import spaces
from tiny import tiny_agent

OBS = spaces.Dict(x=spaces.Box(-1, 1, (3,), np.float32))
ACTION = spaces.Discrete(4)


def test_features_equal_observing_each_stream_with_its_resets():
    batch = random_batch(OBS, ACTION, batch=2, length=40)
    replay = Replay.for_spaces(
        OBS,
        ACTION,
        num_streams=2,
        batch_size=1,
        sequence_length=4,
        config=ReplayConfig(capacity=60),  # 30 a stream: the first 10 are forgotten
    )
    flags = ("is_first", "is_last", "is_terminal")
    for stream in range(2):
        for t in range(40):
            row = {name: bool(getattr(batch, name)[stream, t]) for name in flags}
            obs = {"x": batch.obs["x"][stream, t]}
            replay.add(make_row(obs, batch.action[stream, t], 0.0, **row), stream)
    agent = Agent(OBS, ACTION, tiny_agent())
    table = export_features(agent, replay)
    assert table["row"].tolist() == [*range(10, 40)] * 2
    assert table["is_first"].sum() == 1  # within the kept rows of the first stream
    for stream in range(2):
        data = agent.world_model.tensors(batch).steps(slice(10, None))
        data.is_first[:, 0] = True
        with torch.no_grad():
            expected, _ = agent.world_model.observe(data, mode="mode")
        got = table["features"][table["stream"] == stream]
        np.testing.assert_allclose(got, expected.feature[stream].numpy(), rtol=1e-4, atol=1e-5)
