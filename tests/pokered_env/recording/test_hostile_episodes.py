"""Episode files from elsewhere: refused in this package's own words, whatever is in them."""

from __future__ import annotations

import json
import os
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pokered_env import PokeRedEnv
from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.emulation.native_state import _checked_fields
from pokered_env.emulation.state_file import MAGIC, pack_state
from pokered_env.errors import EpisodeError
from pokered_env.game.rom import resolve_rom
from pokered_env.recording import episode_file
from pokered_env.recording.episode import Episode, EpisodeRecorder, replay
from pokered_env.task.start_states import load_start_state


@pytest.fixture(scope="module")
def plain() -> bytes:
    env = PokeRedEnv(max_steps=None)
    recorder = EpisodeRecorder(env, "start", seed=0)
    for action in (4, 0, 1):
        recorder.step(action)
    env.close()
    return zlib.decompress(recorder.episode().to_bytes()[len(episode_file.MAGIC) + 4 :])


def packed(plain: bytes) -> bytes:
    body = zlib.compress(plain)
    return episode_file.MAGIC + zlib.crc32(body).to_bytes(4, "little") + body


def changed(plain: bytes, actions: bytes | None = None, **fields: Any) -> bytes:
    end = 4 + int.from_bytes(plain[:4], "little")
    head = json.dumps({**json.loads(plain[4:end]), **fields}).encode()
    rest = plain[end:] if actions is None else actions + plain[end + 3 :]
    return packed(len(head).to_bytes(4, "little") + head + rest)


def play(data: bytes) -> None:
    replay(Episode.from_bytes(data))


@pytest.mark.parametrize(
    "fields",
    [
        {"rng": {}},
        {"rng": {"bit_generator": "PCG64", "state": {"state": -1, "inc": "x"}}},
        {"rng": {"bit_generator": "MT19937"}},
        {"arguments": {"render_mode": "human"}},
        {"arguments": {"rom_path": "/dev/zero"}},
        {"arguments": {"action_set": "none"}},
        {"arguments": {"action_frames": 10**30}},
        {"state": "/dev/zero"},
        {"state": "../../etc/passwd"},
        {"state": None, "state_bytes": ""},
        {"state": 7},
        {"state_bytes": "?"},
        {"total_reward": "much"},
        {"total_reward": float("nan")},
        {"rng": []},
        {"arguments": {"reward_weights": {"explore": 10**400}}},
        {"arguments": {"repeat_action_probability": "often"}},
        {"arguments": 7},
        {"foreign": 1},
        {"rom_sha1": "0" * 40},
        {"actions": b"\xff\xff\xff"},
    ],
    ids=str,
)
def test_a_file_with_something_foreign_in_it_is_refused(
    plain: bytes, fields: dict[str, Any]
) -> None:
    with pytest.raises(EpisodeError):
        play(changed(plain, **fields))


def test_a_file_that_inflates_beyond_measure_is_not_inflated(
    plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(episode_file, "_MAX_SIZE", 100_000)
    with pytest.raises(EpisodeError, match="100,000"):
        play(packed(plain + bytes(11 * 20_000)))


def test_nesting_without_end_is_refused(plain: bytes) -> None:
    head = b'{"rom":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(EpisodeError):
        play(packed(len(head).to_bytes(4, "little") + head))


def test_a_start_state_that_inflates_or_freezes_the_machine_is_refused(plain: bytes) -> None:
    rom, state = resolve_rom(), bytearray(load_start_state(resolve_rom(), "start"))
    header = {"version": 1, "rom_sha1": rom.sha1, "pyboy": PYBOY_VERSION}
    head = json.dumps(header).encode()
    body = len(head).to_bytes(4, "little") + head + zlib.compress(bytes(2**25))
    bomb = MAGIC + zlib.crc32(body).to_bytes(4, "little") + body
    start = next(at for f, at in _checked_fields(8) if f.name == "screen's next event")
    state[start : start + 8] = b"\xff" * 8  # a frame that would never end
    for start_state in (bomb, bytes(state), pack_state(bytes(state), rom.sha1, PYBOY_VERSION)):
        data = changed(plain, state=None, state_bytes=b64encode(start_state).decode())
        with pytest.raises(EpisodeError, match="start state"):
            play(data)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage_under_a_right_checksum_is_an_episode_error_or_plays(
    plain: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(plain)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(len(plain) // 2, len(plain))) :]
    try:
        play(packed(bytes(damaged)))
    except EpisodeError:
        pass


def test_what_is_no_file_or_far_too_large_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.prz"
    with huge.open("wb") as file:
        file.truncate(8 * 2**30)
    pipe = tmp_path / "pipe.prz"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    for path in (huge, Path("/dev/zero"), tmp_path, pipe):
        with pytest.raises(EpisodeError, match=path.name):
            Episode.load(path)
