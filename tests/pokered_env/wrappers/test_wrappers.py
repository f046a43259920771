from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError, StateFormatError
from pokered_env.game import ram
from pokered_env.vector.vector_env import PokeRedVectorEnv
from pokered_env.wrappers import (
    FastText,
    HashedWords,
    InfiniteHealth,
    InfiniteMoney,
    MilestoneCurriculum,
    NoWildBattles,
    Overlay,
)
from pokered_env.wrappers.assists import Assist

ID = "pokered_env:PokeRed-v0"


def test_hashed_words_tell_screens_apart_by_their_words_not_their_order() -> None:
    env = HashedWords(gym.make(ID), size=64)
    seen, _ = env.reset(seed=0)
    assert not seen["text"].any()
    for _ in range(3):
        seen, _, _, _, info = env.step(6)
        if info["text"]:
            break
    assert 1 <= seen["text"].sum() <= len(info["text"].split())
    assert env.observation_space.contains(seen)
    env.close()


def test_hashed_words_need_a_text() -> None:
    with pytest.raises(ConfigError):
        HashedWords(gym.make("CartPole-v1"))


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.parametrize("wrap", [HashedWords, FastText, Overlay])
def test_wrapped_environments_pass_gymnasiums_check(wrap: Any) -> None:
    env = wrap(gym.make(ID, render_mode="rgb_array"))
    check_env(env, skip_render_check=True)
    env.close()


def test_the_overlay_shows_the_map_beside_the_screen() -> None:
    env = Overlay(gym.make(ID, render_mode="rgb_array"))
    env.reset(seed=0)
    picture = env.render()
    assert picture.shape == (144, 304, 3)
    assert (picture[72:76, 160 + 72 : 160 + 76] == (90, 200, 250)).all()
    env.close()


def test_the_overlay_needs_pictures() -> None:
    with pytest.raises(ConfigError, match="rgb_array"):
        Overlay(gym.make(ID))


@pytest.mark.parametrize(
    ("assist", "symbol", "expected"),
    [
        (FastText, ram.OPTIONS, b"\x81"),
        (InfiniteMoney, ram.MONEY, b"\x99\x99\x99"),
        (NoWildBattles, ram.GRASS_RATE, b"\x00"),
    ],
)
def test_an_assist_changes_the_memory_and_is_named(
    assist: type[Assist], symbol: ram.Symbol, expected: bytes
) -> None:
    env: Any = assist(gym.make(ID))
    env.reset(seed=0)
    emulator = env.unwrapped.emulator
    emulator.write(symbol.address, 0x05)
    _, _, _, _, info = env.step(0)
    assert emulator.read(symbol.address, symbol.size) == expected
    assert info["assists"] == (assist.name,)
    env.close()


@pytest.mark.parametrize("wrap", [FastText, InfiniteHealth, Overlay])
@pytest.mark.parametrize(
    "make",
    [lambda: gym.make("CartPole-v1", render_mode="rgb_array"), lambda: PokeRedVectorEnv(1)],
)
def test_wrappers_of_the_game_say_what_they_wrap(wrap: Any, make: Callable[[], Any]) -> None:
    env = make()
    with pytest.raises(ConfigError, match=f"{wrap.__name__} wraps a single PokeRedEnv.*make_vec"):
        wrap(env)
    env.close()


def test_assists_are_given_to_many_environments_as_the_message_says() -> None:
    env = gym.make_vec(ID, num_envs=2, vectorization_mode="sync", wrappers=[FastText])
    _, infos = env.reset(seed=0)
    assert infos["assists"].tolist() == [("fast_text",)] * 2
    env.close()


def test_infinite_health_heals_the_party() -> None:
    env: Any = InfiniteHealth(gym.make(ID))
    env.reset(seed=0)
    emulator = env.unwrapped.emulator
    emulator.write(ram.PARTY_COUNT.address, 1)
    emulator.write(ram.PARTY_MONS.address + ram.MON_MAX_HP + 1, 30)
    env.step(0)
    assert emulator.read(ram.PARTY_MONS.address + ram.MON_HP, 2) == b"\x00\x1e"
    env.close()


def set_event(env: PokeRedEnv, flag: int) -> None:
    env.emulator.write(ram.EVENT_FLAGS.address + flag // 8, 1 << flag % 8)


def test_environments_are_moved_to_what_others_have_reached_and_it_is_said() -> None:
    env = MilestoneCurriculum(PokeRedVectorEnv(2, max_steps=6), share=1.0)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.array([1, 1]))
    set_event(env.env.envs[0], 2)
    _, _, _, _, infos = env.step(np.array([1, 1]))
    assert infos["new_events"][0] == ("GOT_STARTER",)
    assert infos["assists"][1] == ("milestone_curriculum",)
    assert [m.event for m in env.milestones] == ["GOT_STARTER"]
    for _ in range(3):  # the episodes end, and begin at the milestone
        _, _, _, _, infos = env.step(np.array([0, 0]))
    assert all(each.game_state.has_event(2) for each in env.env.envs)
    assert env.env.envs[1].progress.start_state == "GOT_STARTER"

    set_event(env.env.envs[1], 9)
    env.step(np.array([0, 0]))
    assert env.report()[1] == {
        "event": "BEAT_REEDER_WYN",
        "num_events": 2,
        "env_index": 1,
        "total_steps": 16,
        "steps_from_start": 5,
        "parent": "GOT_STARTER",
        "first_state": "start",
    }
    env.close()


def test_a_milestone_is_taken_once() -> None:
    env = MilestoneCurriculum(PokeRedVectorEnv(2))
    env.reset(seed=0)
    for each in env.env.envs:
        set_event(each, 2)
    env.step(np.array([0, 0]))
    assert len(env.milestones) == 1
    env.close()


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_the_goals_own_event_is_reported_but_no_start(mode: AutoresetMode) -> None:
    venv = PokeRedVectorEnv(2, goal="GOT_STARTER", autoreset_mode=mode)
    env = MilestoneCurriculum(venv, share=1.0)
    env.reset(seed=0)
    env.step(np.array([1, 1]))
    set_event(venv.envs[0], 2)
    _, _, terminated, _, _ = env.step(np.array([1, 1]))
    assert terminated.tolist() == [True, False]
    (milestone,) = env.milestones
    assert (milestone.event, milestone.state) == ("GOT_STARTER", None)
    assert (milestone.steps_from_start, milestone.first_state) == (2, "start")
    env.reset()
    assert [each.progress.start_state for each in venv.envs] == ["start", "start"]
    env.close()


def test_an_event_of_the_last_step_before_a_restart_is_reported() -> None:
    venv = PokeRedVectorEnv(2, max_steps=3, autoreset_mode=AutoresetMode.SAME_STEP)
    env = MilestoneCurriculum(venv, share=1.0)
    env.reset(seed=0)
    for _ in range(2):
        env.step(np.array([1, 1]))
    set_event(venv.envs[1], 2)
    _, _, _, truncated, _ = env.step(np.array([1, 1]))
    assert truncated.all()
    assert [(m["event"], m["env_index"], m["steps_from_start"]) for m in env.report()] == [
        ("GOT_STARTER", 1, 3)
    ]
    assert venv.envs[0].start_states.labels == ("start",)

    set_event(venv.envs[0], 2)  # once more, in mid-episode: now there is a state to start from
    env.step(np.array([1, 1]))
    assert [m.state is not None for m in env.milestones] == [False, True]
    assert venv.envs[1].start_states.labels == ("start", "GOT_STARTER")
    env.close()


def test_a_curriculum_goes_on_where_it_was_saved() -> None:
    def make() -> Any:
        return MilestoneCurriculum(PokeRedVectorEnv(2, max_steps=4), share=1.0)

    env, other = make(), make()
    env.reset(seed=0)
    set_event(env.env.envs[0], 2)
    for _ in range(6):
        env.step(np.array([1, 1]))
    saved = json.loads(json.dumps(env.save(), default=bytes.hex))  # builtin types and bytes only
    assert saved["total_steps"] == 12
    other.load(env.save())
    for each in (env, other):
        set_event(each.env.envs[1], 9)
        each.step(np.array([1, 1]))
        assert each.env.envs[1].start_states.labels == ("start", "BEAT_REEDER_WYN")
    assert other.report() == env.report()
    assert other.report()[1]["parent"] == "GOT_STARTER"
    assert other.report()[1]["total_steps"] == 14

    other.load({**env.save(), "milestones": []})
    assert other.env.envs[0].start_states.labels == ("start",)
    with pytest.raises(StateFormatError):
        other.load({"envs": env.save()["envs"]})
    env.close()
    other.close()


def test_the_curriculum_needs_our_vector_environment_and_a_probability() -> None:
    plain: Any = gym.make_vec(ID, num_envs=1, vectorization_mode="sync")
    with pytest.raises(ConfigError):
        MilestoneCurriculum(plain)
    plain.close()
    ours = PokeRedVectorEnv(1)
    with pytest.raises(ConfigError):
        MilestoneCurriculum(ours, share=2.0)
    ours.close()
