"""What a stored replay says about its environment: spaces, modalities, alphabets and fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym

from dreamer_agent.errors import ReplayError
from dreamer_agent.spaces.space_json import space_from_json, space_to_json

__all__ = ["Recording", "read_recording", "write_recording"]

_FILE = "spaces.json"
_METADATA = ("modalities", "alphabets", "fields")


@dataclass(frozen=True)
class Recording:
    """Where rows come from.

    Attributes:
        observation_space: Dict space of one environment.
        action_space: Its action space.
        metadata: Its ``modalities``, ``alphabets`` and ``fields``, if it has them.
    """

    observation_space: gym.spaces.Dict
    action_space: gym.Space[Any]
    metadata: Mapping[str, Any]


def write_recording(directory: Path, recording: Recording) -> None:
    """Write the description beside the chunks."""
    directory.mkdir(parents=True, exist_ok=True)
    data = {
        "observation_space": space_to_json(recording.observation_space),
        "action_space": space_to_json(recording.action_space),
        "metadata": {k: v for k, v in recording.metadata.items() if k in _METADATA},
    }
    (directory / _FILE).write_text(json.dumps(data))


def read_recording(directory: Path) -> Recording:
    """Read the description of a stored replay.

    Raises:
        ReplayError: There is none here.
    """
    path = directory / _FILE
    if not path.exists():
        raise ReplayError(
            f"No replay at {directory} (no {_FILE}). A run keeps its replay in RUN/replay."
        )
    data = json.loads(path.read_text())
    observation_space = space_from_json(data["observation_space"])
    assert isinstance(observation_space, gym.spaces.Dict)
    return Recording(observation_space, space_from_json(data["action_space"]), data["metadata"])
