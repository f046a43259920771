"""What a stored replay says about its environment: spaces, modalities, alphabets and fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym

from dreamer_agent.durable import replace_text
from dreamer_agent.errors import ReplayError
from dreamer_agent.spaces.space_json import space_from_json, space_to_json

__all__ = ["Recording", "read_recording", "write_recording"]

_FILE = "spaces.json"
_KEYS = {"observation_space", "action_space", "metadata"}
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)
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
    text = json.dumps(data)
    whole = json.dumps({**data, "sha256": _hash(text)})
    try:
        replace_text(directory / _FILE, whole)
    except OSError as error:
        raise ReplayError(f"Cannot write {directory / _FILE}: {error.strerror or error}.") from None


def read_recording(directory: Path) -> Recording:
    """Read the description of a stored replay.

    Raises:
        ReplayError: There is none here, or it is damaged.
    """
    path = directory / _FILE
    if not path.exists():
        raise ReplayError(
            f"No replay at {directory} (no {_FILE}). A run keeps its replay in RUN/replay."
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        digest = data.pop("sha256", None)  # earlier versions wrote none
        if digest not in (None, _hash(json.dumps(data))) or set(data) != _KEYS:
            raise ValueError("it is not what was written")
        observation_space = space_from_json(data["observation_space"])
        action_space, metadata = space_from_json(data["action_space"]), dict(data["metadata"])
        if not isinstance(observation_space, gym.spaces.Dict):
            raise TypeError("the observation space is no Dict")
    except (ReplayError, OSError, AssertionError, RecursionError, *_DAMAGE) as error:
        raise ReplayError(
            f"{path} is damaged ({error}). Copy it from a run with the same environment."
        ) from None
    return Recording(observation_space, action_space, metadata)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
