"""A stored replay knows its spaces."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from dreamer_agent.errors import ReplayError, SpaceError
from dreamer_agent.spaces.space_json import space_from_json, space_to_json
from dreamer_agent.training.recording import Recording, read_recording, write_recording
from gymnasium import spaces

SPACES = [
    spaces.Box(0, 255, (72, 80, 1), np.uint8),
    spaces.Box(-np.inf, np.inf, (3,), np.float32),
    spaces.Box(np.array([-1.5, 0.0]), np.array([1.0, 7.25]), dtype=np.float64),
    spaces.Discrete(7),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([3, 4, 5]),
    spaces.MultiDiscrete([[2, 3], [4, 5]]),
    spaces.MultiDiscrete([3, 4], start=[1, -2]),
    spaces.MultiDiscrete([[2, 3], [4, 5]], dtype=np.int8, start=[[1, 0], [-3, 7]]),
    spaces.MultiBinary(4),
    spaces.MultiBinary([2, 3]),
    spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Box(0, 1, (2, 2))}),
]
if "dtype" in inspect.signature(spaces.Discrete).parameters:  # earlier ones know int64 alone
    SPACES.append(spaces.Discrete(3, start=2, dtype=np.uint8))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_space_comes_back_equal(space):
    assert space_from_json(json.loads(json.dumps(space_to_json(space)))) == space


def test_a_space_stored_without_its_starts_is_one_that_starts_at_zero():
    stored = space_to_json(spaces.MultiDiscrete([3, 4]))
    del stored["MultiDiscrete"]["start"]
    assert space_from_json(stored) == spaces.MultiDiscrete([3, 4])


def test_a_space_that_cannot_be_stored_is_named():
    with pytest.raises(SpaceError, match="Tuple"):
        space_to_json(spaces.Tuple([spaces.Discrete(2)]))
    with pytest.raises(ReplayError, match="'Sphere'"):
        space_from_json({"Sphere": {}})


def test_a_recording_comes_back_without_metadata_that_does_not_concern_it(tmp_path):
    observation_space = spaces.Dict({"text": spaces.Box(0, 255, (5,), np.uint8)})
    fields = {"state": [{"name": "hp", "start": 0, "size": 2, "scale": 100.0}]}
    kept = {"modalities": {"text": "tokens"}, "alphabets": {"text": ["", "a"]}, "fields": fields}
    metadata = {**kept, "render_modes": ["human"], "odd": object()}
    write_recording(tmp_path, Recording(observation_space, spaces.Discrete(2), metadata))
    read = read_recording(tmp_path)
    assert read.observation_space == observation_space and read.action_space == spaces.Discrete(2)
    assert read.metadata == kept


@pytest.mark.parametrize("damage", ["cut", "bit", "list", "number", "deep", "kind", "bytes"])
def test_a_damaged_description_is_named(tmp_path, damage):
    space = spaces.Dict({"a": spaces.Box(0, 255, (4, 4, 1), np.uint8)})
    write_recording(tmp_path, Recording(space, spaces.Discrete(3), {}))
    path = tmp_path / "spaces.json"
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[:-20],
            "bit": whole.replace(b'"n": 3', b'"n": 4'),
            "list": b"[]",
            "number": b"3",
            "deep": b"[" * 100_000,
            "kind": b'{"observation_space": {}, "action_space": 3, "metadata": 1}',
            "bytes": b"\xff" + whole,
        }[damage]
    )
    with pytest.raises(ReplayError, match=r"spaces\.json is damaged"):
        read_recording(tmp_path)


def test_a_description_of_an_earlier_version_has_no_checksum_and_is_read(tmp_path):
    recording = Recording(spaces.Dict({"a": spaces.Discrete(2)}), spaces.Discrete(3), {})
    write_recording(tmp_path, recording)
    data = json.loads((tmp_path / "spaces.json").read_text())
    del data["sha256"]
    (tmp_path / "spaces.json").write_text(json.dumps(data))
    assert read_recording(tmp_path) == recording
