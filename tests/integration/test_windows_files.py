"""Files as Windows has them: no handle of a directory, and text unless told otherwise."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from dreamer_agent import Replay, make_row
from dreamer_agent.durable import replace_text, sync
from dreamer_agent.run_dir import checkpoint
from pokered_env import PokeRedEnv
from pokered_env.folders import read_file, write_atomically
from pokered_env.recording.episode import Episode, EpisodeRecorder

BINARY = 1 << 30


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have `os` behave as on Windows; collect what is opened by it."""
    real_open, real_fsync, real_write = os.open, os.fsync, os.write
    text: set[int] = set()
    only_read: set[int] = set()
    paths: list[str] = []

    def open_(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        fd = real_open(path, flags & ~BINARY, *args, **kwargs)
        paths.append(str(path))
        for fds, holds in ((text, not flags & BINARY), (only_read, flags & 3 == os.O_RDONLY)):
            fds.add(fd) if holds else fds.discard(fd)
        return fd

    def fsync(fd: int) -> None:
        if fd in only_read:
            raise OSError(errno.EBADF, "Bad file descriptor")
        real_fsync(fd)

    def write(fd: int, data: Any) -> int:
        if fd not in text:
            return real_write(fd, data)
        real_write(fd, bytes(data).replace(b"\n", b"\r\n"))
        return len(data)

    monkeypatch.setattr(os, "O_BINARY", BINARY, raising=False)
    for name, function in (("open", open_), ("fsync", fsync), ("write", write)):
        monkeypatch.setattr(os, name, function)
    yield paths


def test_a_checkpoint_is_saved_and_loaded(opened: list[str], tmp_path: Path) -> None:
    weights = {"w": torch.arange(2600, dtype=torch.uint8)}
    checkpoint.save(tmp_path, checkpoint.Checkpoint(1, {}, weights, {}, {}))
    assert torch.equal(checkpoint.load(checkpoint.latest(tmp_path)).model["w"], weights["w"])
    assert any(path.endswith("model.safetensors") for path in opened)


def test_a_replay_is_read_back_byte_for_byte(opened: list[str], tmp_path: Path) -> None:
    space = gym.spaces.Dict(observation=gym.spaces.Box(0, 255, (8, 8, 3), np.uint8))

    def replay() -> Replay:
        return Replay.for_spaces(
            space, gym.spaces.Discrete(2), batch_size=1, sequence_length=8, directory=tmp_path
        )

    rng = np.random.default_rng(0)
    first = replay()
    for number in range(640):
        pixels = {"observation": rng.integers(0, 256, (8, 8, 3), np.uint8)}
        first.add(make_row(pixels, np.int64(0), 0.0, is_first=number == 0))
    first.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = replay()
    assert again.stats().rows == 640
    again.close()
    assert any(path.endswith(".chunks") for path in opened)


def test_texts_and_folders_are_flushed_as_far_as_can_be(opened: list[str], tmp_path: Path) -> None:
    replace_text(tmp_path / "a.yaml", "a: 1\nb: 2\n")
    sync(tmp_path)
    assert (tmp_path / "a.yaml").read_bytes() == b"a: 1\nb: 2\n"


def test_episodes_and_states_are_bytes(opened: list[str], tmp_path: Path) -> None:
    data = bytes(range(256)) * 4
    write_atomically(tmp_path / "folder" / "a.state", data)
    assert read_file(tmp_path / "folder" / "a.state", 2**20) == data
    env = PokeRedEnv(max_steps=None)
    recorder = EpisodeRecorder(env, "start", seed=0)
    recorder.step(4)
    recorder.episode().save(tmp_path / "e.prz")
    env.close()
    assert Episode.load(tmp_path / "e.prz") == recorder.episode()
