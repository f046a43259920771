"""Snapshots and states from elsewhere: refused in our own words, and the episode goes on."""

from __future__ import annotations

import json
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pokered_env import PokeRedEnv, PokeRedVectorEnv
from pokered_env.emulation import native_state
from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.emulation.state_file import MAGIC as STATE_MAGIC
from pokered_env.emulation.state_file import open_state, pack_state
from pokered_env.errors import ConfigError, StateError, StateFormatError
from pokered_env.task.snapshot import MAGIC

ACTIONS = (4, 0, 2, 2, 3, 1, 0, 0)
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def played() -> Iterator[PokeRedEnv]:
    env = PokeRedEnv()
    env.reset(seed=3)
    for action in ACTIONS:
        env.step(action)
    yield env
    env.close()


def checked(magic: bytes, body: bytes) -> bytes:
    return magic + zlib.crc32(body).to_bytes(4, "little") + body


def split(saved: bytes) -> tuple[dict[str, Any], bytes]:
    body = saved[len(MAGIC) + 4 :]
    end = 4 + int.from_bytes(body[:4], "little")
    return json.loads(body[4:end]), body[end:]


def snapshot(head: bytes, state: bytes) -> bytes:
    return checked(MAGIC, len(head).to_bytes(4, "little") + head + state)


def changed(saved: bytes, **fields: Any) -> bytes:
    head, state = split(saved)
    return snapshot(json.dumps({**head, **fields}).encode(), state)


def standing(env: PokeRedEnv) -> tuple[Any, ...]:
    """Return what playing on depends on, most of it; to save all takes its time."""
    machine = env.emulator.read(0x8000, 0x8000), env.emulator.screen.tobytes()
    numbers = env.np_random.bit_generator.state
    return machine, numbers, env.progress.to_json(), env.is_over, env.game_state


def assert_refused_and_unmoved(env: PokeRedEnv, refuse: Callable[[], Any]) -> None:
    before = standing(env)
    with pytest.raises((StateError, ConfigError)):
        refuse()
    assert standing(env) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"rng": {}},
        {"rng": []},
        {"rng": {"bit_generator": "PCG64", "state": {"state": -1, "inc": 10**60}}},
        {"rng": {"bit_generator": "MT19937"}},
        {"progress": []},
        {"is_over": 1},
        {"last_action": 7},
        {"last_action": -1},
        {"last_action": True},
        {"foreign": 0},
    ],
    ids=str,
)
def test_a_header_of_another_kind_is_refused(played: PokeRedEnv, fields: dict[str, Any]) -> None:
    saved = changed(played.save(), **fields)
    assert_refused_and_unmoved(played, lambda: played.load(saved))


@pytest.mark.parametrize(
    "progress",
    [
        {"num_steps": "8"},
        {"num_steps": -1},
        {"num_steps": None},
        {"events": "00"},
        {"events": "zz" * 320},
        {"place": [1, 2]},
        {"place": [1, 2, 10**30]},
        {"tiles": [[0, 1]]},
        {"tiles": [[300, 1, 1]]},
        {"tiles": [[0, -9, 1]]},
        {"tiles": [[0, 10**30, 1]]},
        {"tiles": 7},
        {"event_flags": ["x"]},
        {"event_flags": [2560]},
        {"reward_sums": {"explore": "much"}},
        {"reward_sums": {"explore": float("nan")}},
        {"reward_sums": {"explore": 10**400}},
        {"last_text": None},
        {"ending_event": -1},
        {"exploration": 3},
    ],
    ids=lambda progress: str(progress)[:40],
)
def test_progress_of_another_kind_is_refused(played: PokeRedEnv, progress: dict[str, Any]) -> None:
    saved = played.save()
    saved = changed(saved, progress={**split(saved)[0]["progress"], **progress})
    assert_refused_and_unmoved(played, lambda: played.load(saved))


@pytest.mark.parametrize("saved", [None, 7, "text", b"", MAGIC, checked(MAGIC, b"")], ids=repr)
def test_what_is_no_snapshot_at_all_is_refused(played: PokeRedEnv, saved: Any) -> None:
    assert_refused_and_unmoved(played, lambda: played.load(saved))


def test_deep_json_is_refused_wherever_it_stands(played: PokeRedEnv) -> None:
    _, state = split(played.save())
    for head in (DEEP, b'{"rng":' + DEEP + b"}"):
        assert_refused_and_unmoved(played, lambda h=head: played.load(snapshot(h, state)))
        packed = checked(STATE_MAGIC, len(head).to_bytes(4, "little") + head)
        assert_refused_and_unmoved(played, lambda p=packed: played.reset(options={"state": p}))


def bomb(head: bytes) -> bytes:
    """Return a state that would inflate from 250 kB to 250 MB."""
    compressor = zlib.compressobj()
    zeros = b"".join(compressor.compress(bytes(2**20)) for _ in range(250)) + compressor.flush()
    return checked(STATE_MAGIC, len(head).to_bytes(4, "little") + head + zeros)


def test_a_state_that_inflates_beyond_measure_takes_no_memory(
    played: PokeRedEnv, tmp_path: Path
) -> None:
    head = {"version": 1, "rom_sha1": played.rom.sha1, "pyboy": PYBOY_VERSION}
    state = bomb(json.dumps(head).encode())
    file = tmp_path / "bomb.state"
    file.write_bytes(state)
    saved = snapshot(json.dumps(split(played.save())[0]).encode(), state)
    tracemalloc.start()
    with pytest.raises(StateFormatError, match="inflates to more"):
        open_state(state, played.rom.sha1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6
    for refuse in (
        lambda: played.load(saved),
        lambda: played.reset(options={"state": state}),
        lambda: played.reset(options={"state": file}),
    ):
        assert_refused_and_unmoved(played, refuse)


def field_positions() -> dict[str, tuple[int, int]]:
    return {f.name: (start, f.size) for f, start in native_state._checked_fields(64)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("LY", 154),
        ("screen's next event", 2**63),
        ("next mode", 255),
        ("speed shift", 1),
        ("colour machine", 1),
        ("cycles", 2**63 - 1),
        ("cycles", 0),
        ("timer's last cycle", 2**60),
        ("ROM bank", 200),
        ("samples a frame", 800),
        ("sprites' index", 255),
    ],
)
def test_a_machine_the_emulator_cannot_be_in_is_refused_before_it_is_touched(
    played: PokeRedEnv, field: str, value: int
) -> None:
    start, size = field_positions()[field]
    state = bytearray(played.emulator.save_state())
    state[start : start + size] = value.to_bytes(size, "little")
    packed = pack_state(bytes(state), played.rom.sha1, PYBOY_VERSION)
    head = json.dumps(split(played.save())[0]).encode()
    for refuse in (
        lambda: played.emulator.load_state(bytes(state)),
        lambda: played.load(snapshot(head, packed)),
        lambda: played.reset(options={"state": packed}),
        lambda: played.reset(options={"state": bytes(state)}),
    ):
        assert_refused_and_unmoved(played, refuse)


def test_states_of_all_moments_of_play_are_taken(played: PokeRedEnv) -> None:
    env = PokeRedEnv(start_state="power_on")
    env.reset(seed=0)
    for action in (6, 4, 4, 0, 1, 2, 3) * 2:
        env.step(action)
        env.load(env.save())
    env.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_damage_to_a_header_under_a_right_checksum_is_refused_or_harmless(
    played: PokeRedEnv, data: st.DataObject
) -> None:
    saved = played.save()
    head, state = split(saved)
    damaged = bytearray(json.dumps(head).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    before = standing(played)
    try:
        played.load(snapshot(bytes(damaged), state))
        played.step(4)
        played.load(saved)
    except StateError:
        assert standing(played) == before


def test_a_refused_start_leaves_episode_and_random_numbers_as_they_were(tmp_path: Path) -> None:
    junk = tmp_path / "junk.state"
    junk.write_bytes(bytes(1000))
    goal = "GOT_STARTER"
    with PokeRedEnv(goal=goal) as env, PokeRedEnv(goal=goal) as twin:
        for each in (env, twin):
            each.reset(seed=5)
            each.step(2)
        for state in ("nowhere", junk, b"", tmp_path, "got_starter", os.devnull):
            assert_refused_and_unmoved(env, lambda s=state: env.reset(seed=9, options={"state": s}))
        assert env.np_random_seed == 5
        for action in ACTIONS:
            seen, expected = env.step(action), twin.step(action)
            assert all(np.array_equal(seen[0][key], expected[0][key]) for key in seen[0])
            assert seen[1:4] == expected[1:4]


def test_of_several_snapshots_all_are_loaded_or_none() -> None:
    envs = PokeRedVectorEnv(2)
    envs.reset(seed=0)
    early = envs.save()
    envs.step([4, 0])
    now = envs.save()
    for saved in ([early[0], b"damaged"], [early[0], changed(early[1], last_action=99)]):
        with pytest.raises(StateError):
            envs.load(saved)
        assert envs.save() == now
    for saved in (7, "ab", early[:1], None):
        with pytest.raises(ConfigError, match="snapshots"):
            envs.load(saved)  # type: ignore[arg-type]
    envs.close()


def test_own_states_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, played: PokeRedEnv
) -> None:
    monkeypatch.setenv("POKERED_DATA", str(tmp_path))
    folder = tmp_path / "states" / played.rom.sha1
    folder.mkdir(parents=True)
    with (folder / "huge.state").open("wb") as file:
        file.truncate(2**33)
    (folder / "folder.state").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.state")
    for path in folder.iterdir():
        with pytest.raises(StateError, match=path.name):
            played.reset(options={"state": path.stem})


def test_a_cached_state_that_is_none_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pokered_env.task import start_states

    monkeypatch.setenv("POKERED_CACHE", str(tmp_path))
    start_states._scripted.cache_clear()
    PokeRedEnv(start_state="power_on").close()
    (cached,) = (tmp_path / "scripted").iterdir()
    whole = cached.read_bytes()
    with cached.open("wb") as file:
        file.truncate(2**33)
    start_states._scripted.cache_clear()
    PokeRedEnv(start_state="power_on").close()
    assert cached.read_bytes() == whole


def test_a_snapshot_with_an_emulator_cut_short_is_a_format_error(played: PokeRedEnv) -> None:
    head = json.dumps(split(played.save())[0]).encode()
    short = pack_state(played.emulator.save_state()[:-1], played.rom.sha1, PYBOY_VERSION)
    with pytest.raises(StateFormatError, match="cut off"):
        played.load(snapshot(head, short))
