from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pokered_env.env import PokeRedEnv
from pokered_env.errors import (
    EpisodeError,
    EpisodeFormatError,
    EpisodeMismatchError,
    PokeRedError,
)
from pokered_env.recording.episode import Episode, EpisodeRecorder, replay


def record(num_actions: int = 40, **arguments: object) -> Episode:
    with PokeRedEnv(**arguments) as env:  # type: ignore[arg-type]
        recorder = EpisodeRecorder(env, seed=3)
        for action in np.random.default_rng(0).integers(7, size=num_actions).tolist():
            if recorder.step(action):
                break
        return recorder.episode()


@pytest.fixture(scope="module")
def episode() -> Episode:
    return record()


def test_a_recorded_episode_replays_step_for_step(episode: Episode, tmp_path: Path) -> None:
    episode.save(tmp_path / "episode.prz")
    loaded = Episode.load(tmp_path / "episode.prz")
    assert loaded == episode
    assert replay(loaded) == pytest.approx(episode.total_reward)


def test_sticky_actions_rewards_and_timing_are_replayed_too() -> None:
    sticky = record(
        repeat_action_probability=0.5,
        reward_weights={"explore": 2.0},
        action_set="full",
        action_frames="until_ready",
    )
    assert sticky.total_reward > 0
    assert replay(sticky) == pytest.approx(sticky.total_reward)


def test_an_episode_that_ended_by_its_goal_replays_without_it() -> None:
    ended = record(goal=lambda state: state.map_id == 0)
    assert len(ended.actions) < 40 or ended.total_reward > 0
    replay(ended)


def test_a_start_state_without_a_name_is_kept_in_the_recording() -> None:
    with PokeRedEnv() as env:
        env.reset(seed=0)
        for action in np.random.default_rng(1).integers(7, size=30).tolist():
            env.step(action)
        recorder = EpisodeRecorder(env, env.emulator.save_state())
        for _ in range(10):
            recorder.step(0)
        recorded = recorder.episode()
    assert recorded.state is None
    replay(recorded)


@pytest.mark.parametrize("step", [0, 1, 17, 40])
def test_a_mismatch_says_at_which_step_and_in_what(episode: Episode, step: int) -> None:
    checks = bytearray(episode.checks)
    checks[10 * step + 2 * 2] ^= 1  # screen, state, text, …: the order of the space's keys
    with pytest.raises(EpisodeMismatchError) as error:
        replay(replace(episode, checks=bytes(checks)))
    assert error.value.step == step
    assert error.value.what == "text"
    assert f"step {step} of 40" in str(error.value)


def test_another_action_is_noticed(episode: Episode) -> None:
    actions = bytearray(episode.actions)
    actions[5] = 6 if actions[5] != 6 else 0
    with pytest.raises(EpisodeMismatchError) as error:
        replay(replace(episode, actions=bytes(actions)))
    assert 6 <= error.value.step <= 10


def test_without_verification_a_mismatch_is_no_error(episode: Episode) -> None:
    replay(replace(episode, checks=bytes(len(episode.checks))), verify=False)


def test_a_recording_of_another_rom_is_refused(episode: Episode) -> None:
    with pytest.raises(EpisodeError, match="abcdef"):
        replay(replace(episode, rom_sha1="abcdef"))


def test_arguments_that_make_no_environment_are_refused(episode: Episode) -> None:
    for arguments in ({"wings": 2}, {"hold_frames": -1}):
        with pytest.raises(EpisodeFormatError):
            replay(replace(episode, arguments=arguments))


def test_what_is_watched_is_the_reset_and_every_step(episode: Episode) -> None:
    places: list[int] = []
    replay(episode, on_step=lambda env: places.append(env.progress.num_steps))
    assert places == list(range(41))


@given(st.binary(max_size=300))
def test_random_bytes_are_no_episode(data: bytes) -> None:
    with pytest.raises(EpisodeFormatError):
        Episode.from_bytes(data)


@settings(max_examples=30)
@given(data=st.data())
def test_a_damaged_or_cut_recording_is_noticed(episode: Episode, data: st.DataObject) -> None:
    raw = bytearray(episode.to_bytes())
    if data.draw(st.booleans()):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    with pytest.raises(PokeRedError):
        Episode.from_bytes(bytes(raw))


def test_a_file_that_cannot_be_read_or_written_is_named(episode: Episode, tmp_path: Path) -> None:
    with pytest.raises(EpisodeFormatError, match="missing"):
        Episode.load(tmp_path / "missing.prz")
    with pytest.raises(EpisodeError, match="folder"):
        episode.save(tmp_path / "folder" / "episode.prz")
