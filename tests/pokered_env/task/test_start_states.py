from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pokered_env.emulation.emulator import PYBOY_VERSION, Emulator
from pokered_env.emulation.state_file import pack_state
from pokered_env.errors import (
    StartScriptError,
    StateError,
    StateFormatError,
    StateMismatchError,
    StateNotFoundError,
)
from pokered_env.game.end_condition import EndCondition
from pokered_env.game.rom import Rom, resolve_rom
from pokered_env.game.rom_profile import StartState
from pokered_env.task import start_states
from pokered_env.task.start_states import (
    StartStates,
    load_start_state,
    new_state_path,
    save_start_state,
)


@pytest.fixture(scope="module")
def rom() -> Rom:
    return resolve_rom()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POKERED_CACHE", str(tmp_path))
    start_states._scripted.cache_clear()
    return tmp_path


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POKERED_DATA", str(tmp_path))
    return tmp_path


def test_a_scripted_start_is_played_once_and_then_read_from_the_cache(
    rom: Rom, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_start_state(rom, "start")
    assert len(list(cache.rglob("*.state"))) == 1
    start_states._scripted.cache_clear()
    monkeypatch.setattr(start_states, "_in_fresh_emulator", None)  # would fail if played again
    assert load_start_state(rom, "start") == first


def test_a_damaged_cache_file_is_made_again(rom: Rom, cache: Path) -> None:
    first = load_start_state(rom, "start")
    (file,) = cache.rglob("*.state")
    file.write_bytes(file.read_bytes()[:-5])
    start_states._scripted.cache_clear()
    assert load_start_state(rom, "start") == first


def test_a_cache_that_cannot_be_written_is_done_without(
    rom: Rom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    monkeypatch.setenv("POKERED_CACHE", str(file / "folder"))
    start_states._scripted.cache_clear()
    assert load_start_state(rom, "start")


def test_a_script_that_misses_its_end_condition_says_so_and_how_to_play_up_to_it(rom: Rom) -> None:
    start = rom.profile.start_states["start"]
    conditions = {
        "no_event": (EndCondition(event="GOT_STARTER"), "GOT_STARTER is not set"),
        "no_map": (EndCondition(map_id=2), "not "),
        "no_party": (EndCondition(event="GOT_STARTER", party_size=1), "and the party has 0 of 1"),
    }
    ends = {
        name: StartState("", (), "start", condition) for name, (condition, _) in conditions.items()
    }
    other = replace(rom, profile=replace(rom.profile, start_states={"start": start, **ends}))
    for name, (_, problem) in conditions.items():
        command = f"pokered states make my_{name} --state start"
        with pytest.raises(StartScriptError, match=f"{problem}.*{command}"):
            load_start_state(other, name)


def test_a_state_is_the_same_however_often_it_is_normalised(rom: Rom) -> None:
    native = load_start_state(rom, "start")
    assert load_start_state(rom, native) == native


def test_loading_a_native_state_into_a_used_emulator_equals_a_fresh_one(rom: Rom) -> None:
    native = load_start_state(rom, "start")
    used, fresh = Emulator(rom.path), Emulator(rom.path)
    used.load_state(native)
    for button in ("right", "start", "a", "b", "down"):
        used.step(button, 8, 24)
    for each in (used, fresh):
        each.load_state(native)
        each.step("start", 8, 24)
    assert (used.screen == fresh.screen).all()
    assert used.save_state() == fresh.save_state()


def test_a_kept_state_is_found_by_name_and_bound_to_its_rom(rom: Rom, data: Path) -> None:
    native = load_start_state(rom, "start")
    path = save_start_state(rom, "here", native)
    assert data in path.parents
    assert load_start_state(rom, "here") == native
    assert start_states.list_start_states(rom)["here"] == str(path)
    with pytest.raises(StateMismatchError):
        load_start_state(rom, pack_state(native, "0" * 40, PYBOY_VERSION))


def test_a_kept_state_of_another_pyboy_is_read_as_that_pyboys_own(rom: Rom) -> None:
    native = load_start_state(rom, "start")
    assert load_start_state(rom, pack_state(native, rom.sha1, "2.9.0")) == native
    with pytest.raises(StateFormatError, match="format 12"):
        load_start_state(rom, pack_state(b"\x0c" + native[1:], rom.sha1, "2.7.0"))


def test_a_scripted_start_of_another_pyboy_is_played_again(rom: Rom, cache: Path) -> None:
    first = load_start_state(rom, "start")
    (file,) = cache.rglob("*.state")
    file.write_bytes(pack_state(bytes(len(first)), rom.sha1, "2.9.0"))
    start_states._scripted.cache_clear()
    assert load_start_state(rom, "start") == first


def test_a_state_is_replaced_only_on_request(rom: Rom, data: Path) -> None:
    start, power_on = (load_start_state(rom, name) for name in ("start", "power_on"))
    save_start_state(rom, "here", start)
    with pytest.raises(StateError, match="--force"):
        save_start_state(rom, "here", power_on)
    assert load_start_state(rom, "here") == start
    save_start_state(rom, "here", power_on, replace=True)
    assert load_start_state(rom, "here") == power_on


def test_a_folder_for_states_that_cannot_be_made_is_named(
    rom: Rom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("POKERED_DATA", str(tmp_path / "a-file"))
    with pytest.raises(StateError, match="POKERED_DATA"):
        new_state_path(rom, "here")


def test_a_name_longer_than_a_files_may_be_is_answered_like_any_unknown_one(rom: Rom) -> None:
    with pytest.raises(StateNotFoundError):
        load_start_state(rom, "a" * 300)
    with pytest.raises(StateError, match="cannot be the name"):
        new_state_path(rom, "a" * 300)


def test_states_are_drawn_by_their_weights(rom: Rom) -> None:
    starts = StartStates.load(rom, {"start": 3.0, "power_on": 1.0})
    rng = np.random.default_rng(0)
    labels = [starts.draw(rng)[0] for _ in range(400)]
    assert 260 < labels.count("start") < 340


def test_a_single_state_draws_no_random_number(rom: Rom) -> None:
    rng = np.random.default_rng(0)
    StartStates.load(rom, "start").draw(rng)
    assert rng.random() == np.random.default_rng(0).random()
