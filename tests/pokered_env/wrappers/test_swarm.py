"""Milestones shared between processes through a folder."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from pokered_env import ENV_ID, PokeRedEnv, PokeRedVectorEnv
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.game.rom import resolve_rom
from pokered_env.wrappers import MilestoneCurriculum, SwarmCurriculum
from stable_baselines3.common.vec_env import SubprocVecEnv

B = 5


def set_event(env: PokeRedEnv, flag: int) -> None:
    address = ram.EVENT_FLAGS.address + flag // 8
    env.emulator.write(address, env.emulator.read_byte(address) | 1 << flag % 8)


def curriculum(folder: Path, num_envs: int = 1) -> Any:
    env = MilestoneCurriculum(PokeRedVectorEnv(num_envs, max_steps=4), share=1.0, folder=folder)
    env.reset(seed=0)
    return env


def step(env: Any, times: int = 1) -> None:
    for _ in range(times):
        env.step(np.full(env.num_envs, B))


def test_two_processes_of_stable_baselines3_move_to_what_one_has_reached(tmp_path: Path) -> None:
    start = resolve_rom().profile.start_states["got_hall_pass"].script
    keys = "down left right up a b start".split()
    actions = [keys.index(str(press.button)) for press in start for _ in range(press.repeat)]
    make = [
        lambda: SwarmCurriculum(
            gym.make(f"pokered_env:{ENV_ID}", start_state="got_starter"), tmp_path, share=1.0
        )
    ]
    processes = SubprocVecEnv(make * 2)
    try:
        processes.seed(0)
        processes.reset()
        for action in actions[:40]:
            processes.step(np.array([action, B]))
        assert [len(each) for each in processes.get_attr("milestones")] == [1, 0]
        processes.reset()
        flag = resolve_rom().profile.events.flags["GOT_LANTERN"]
        assert [state.has_event(flag) for state in processes.get_attr("game_state")] == [True] * 2
        (taken,) = processes.get_attr("milestones")[1]
        assert (taken.event, taken.env_index) == ("GOT_LANTERN", None)
        assert taken.first_state == "got_starter"
        assert 0 < taken.steps_from_start <= 40
        assert processes.reset_infos[1]["assists"] == ("milestone_curriculum",)
    finally:
        processes.close()


def test_curricula_that_share_a_folder_go_on_from_each_others_milestones(tmp_path: Path) -> None:
    one, other = curriculum(tmp_path), curriculum(tmp_path, num_envs=2)
    set_event(one.env.envs[0], 2)
    step(one)
    step(other, 5)  # an episode ends, and the next begins
    assert [each.progress.start_state for each in other.env.envs] == ["GOT_STARTER"] * 2
    set_event(other.env.envs[1], 9)
    step(other)
    reported = other.report()[1]
    assert (reported["event"], reported["parent"]) == ("BEAT_REEDER_WYN", "GOT_STARTER")
    assert (reported["steps_from_start"], reported["first_state"]) == (2, "start")
    one.reset()
    assert one.env.envs[0].progress.start_state == "BEAT_REEDER_WYN"
    one.close()
    other.close()


def test_who_is_behind_moves_nobody_back(tmp_path: Path) -> None:
    ahead, behind = curriculum(tmp_path), curriculum(tmp_path)
    for flag in (2, 9):
        set_event(ahead.env.envs[0], flag)
        step(ahead)
    set_event(behind.env.envs[0], 4)
    step(behind)
    ahead.reset()
    assert [m.event for m in ahead.milestones] == ["GOT_STARTER", "BEAT_REEDER_WYN", "MET_PIM"]
    assert ahead.env.envs[0].progress.start_state == "BEAT_REEDER_WYN"
    ahead.close()
    behind.close()


def test_the_first_to_share_an_event_stays_and_files_are_whole(tmp_path: Path) -> None:
    one, other = curriculum(tmp_path), curriculum(tmp_path)
    files = []
    for env in (one, other):
        set_event(env.env.envs[0], 2)
        step(env)
        (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
        files.append((file.name, file.read_bytes()))
        env.close()
    assert files[0] == files[1]
    assert files[0][0] == "GOT_STARTER.milestone"


def test_a_damaged_file_is_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    env = curriculum(tmp_path)
    set_event(env.env.envs[0], 2)
    step(env)
    (file,) = tmp_path.rglob("*.milestone")
    raw = file.read_bytes()
    head, _, state = raw.partition(b"\n")
    foreign = [
        json.dumps({**json.loads(head), **fields}).encode() + b"\n" + state
        for fields in ({"num_events": "7"}, {"event": 3}, {"parent": []}, {"state": "x"})
    ]
    deep = b"[" * 10**5 + b"]" * 10**5 + b"\n" + state
    files = (b"", raw[:-3], b"{}\n" + raw, b"[1]\n", b"\xff\n", deep, *foreign)
    for number, damaged in enumerate(files):
        file.with_name(f"EVENT_{number}.milestone").write_bytes(damaged)
    file.with_name("EVENT_folder.milestone").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(file.with_name("EVENT_pipe.milestone"))
    with caplog.at_level(logging.WARNING):
        other = curriculum(tmp_path)
    assert [m.event for m in other.milestones] == ["GOT_STARTER"]
    assert (
        sum("is no milestone" in message for message in caplog.messages)
        == len([*file.parent.iterdir()]) - 1
    )
    env.close()
    other.close()


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot hold milestones"):
        curriculum(tmp_path / "file")
    with (
        PokeRedEnv(numeric_info=True) as numeric,
        pytest.raises(ConfigError, match="numeric_info"),
    ):
        SwarmCurriculum(numeric, tmp_path)
    with pytest.raises(ConfigError, match="SwarmCurriculum"):
        SwarmCurriculum(gym.make("CartPole-v1"), tmp_path)
