from __future__ import annotations

import copy
import hashlib
import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pokered_env
import pytest
from gymnasium.utils.env_checker import check_env
from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.emulation.state_file import pack_state
from pokered_env.env import PokeRedEnv
from pokered_env.errors import (
    ClosedError,
    ConfigError,
    InvalidActionError,
    PokeRedError,
    ResetNeededError,
    StateError,
    StateNotFoundError,
)
from pokered_env.game import ram
from pokered_env.task.start_states import StartStates
from stable_baselines3.common.env_checker import check_env as sb3_check_env

ID = "pokered_env:PokeRed-v0"


@pytest.fixture
def env() -> Iterator[PokeRedEnv]:
    with PokeRedEnv() as made:
        yield made


def play(env: PokeRedEnv, actions: list[int]) -> str:
    """Return a digest of the memory, observations and rewards along the way."""
    digest = hashlib.sha1()
    for action in actions:
        seen, reward, *_ = env.step(action)
        for array in seen.values():
            digest.update(array.tobytes())  # type: ignore[attr-defined]
        digest.update(repr(reward).encode())
    digest.update(env.emulator.read(0xC000, 0x2000))
    return digest.hexdigest()


def random_actions(num: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(7, size=num).tolist()


def test_both_spellings_make_the_environment() -> None:
    for env_id in (ID, "PokeRed-v0"):
        env = gym.make(env_id)
        assert isinstance(env.unwrapped, PokeRedEnv)
        env.close()


@pytest.mark.parametrize("mode", [None, "rgb_array", "ansi"])
def test_gymnasiums_and_sb3s_checkers_find_nothing(
    mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")  # Gymnasium's makes one of every render mode
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = gym.make(ID, render_mode=mode).unwrapped
        check_env(made, skip_render_check=mode is None)
        sb3_check_env(made)
        made.close()


def test_the_same_seed_gives_the_same_episode_in_another_process(env: PokeRedEnv) -> None:
    env.reset(seed=7)
    here = play(env, random_actions(60))
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_env as t; "
        "from pokered_env.env import PokeRedEnv; env = PokeRedEnv(); env.reset(seed=7); "
        "print(t.play(env, t.random_actions(60)))"
    )
    there = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


def test_other_seeds_give_other_episodes(env: PokeRedEnv) -> None:
    digests = set()
    for seed in range(4):
        env.reset(seed=seed)
        digests.add(play(env, random_actions(80)))
    assert len(digests) == 4


def test_a_reset_does_not_depend_on_what_was_played_before(env: PokeRedEnv) -> None:
    env.reset(seed=3)
    fresh = play(env, random_actions(50))
    env.reset(seed=9)
    play(env, random_actions(200, seed=5))
    env.reset(seed=3)
    assert play(env, random_actions(50)) == fresh


def test_episodes_after_the_first_differ_and_repeat_with_the_first_seed(env: PokeRedEnv) -> None:
    def two_episodes() -> list[str]:
        env.reset(seed=1)
        first = play(env, random_actions(80))
        env.reset()
        return [first, play(env, random_actions(80))]

    once = two_episodes()
    assert once[0] != once[1]
    assert two_episodes() == once


def test_observations_belong_to_the_caller(env: PokeRedEnv) -> None:
    first, _ = env.reset(seed=0)
    kept = copy.deepcopy(first)
    for action in random_actions(20):
        env.step(action)
    assert all((first[key] == kept[key]).all() for key in kept)  # type: ignore[literal-required]


def test_every_observation_of_random_play_is_in_its_space_with_four_grey_levels(
    env: PokeRedEnv,
) -> None:
    env.reset(seed=0)
    greys: set[int] = set()
    for action in random_actions(300):
        seen, *_ = env.step(action)
        assert env.observation_space.contains(seen)
        greys |= set(np.unique(seen["screen"]).tolist())
    assert greys == {0, 85, 153, 255}


def test_the_player_walks_one_tile_an_action_and_the_mask_follows(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    walked = 0
    for action in random_actions(200, seed=1):
        before = env.game_state
        seen, reward, _, _, info = env.step(action)
        after = env.game_state
        if before.map_id == after.map_id and not info["text"]:
            distance = abs(after.x - before.x) + abs(after.y - before.y)
            assert distance <= 1
            walked += distance
            assert seen["visited_mask"][32, 32, 0] == 255
        assert reward == pytest.approx(sum(info["reward_terms"].values()))
    assert walked > 20
    assert info["coverage"] > 10


def test_the_menu_can_be_read(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    for _ in range(3):
        seen, _, _, _, info = env.step(6)
        if info["text"]:
            break
    assert "SAVE" in info["text"].split("\n")
    assert pokered_env.game.text.decode(seen["text"]) == info["text"] == info["last_text"]


def test_info_has_the_documented_keys(env: PokeRedEnv) -> None:
    _, info = env.reset(seed=0)
    optional = {"action_mask", "episode_summary"}
    assert set(info) == set(pokered_env.StepInfo.__annotations__) - optional
    assert info["rom"] == "open_cartridge"
    assert info["assists"] == ()
    assert info["coverage"] == 1


def test_the_last_step_is_truncated_and_has_the_summary() -> None:
    with PokeRedEnv(max_steps=5) as env:
        env.reset(seed=0)
        rewards = []
        for number in range(1, 6):
            _, reward, terminated, truncated, info = env.step(0)
            rewards.append(reward)
            assert not terminated
            assert truncated == (number == 5)
            assert ("episode_summary" in info) == truncated
        summary = info["episode_summary"]
        assert summary["steps"] == 5
        assert summary["reward"] == pytest.approx(sum(rewards))
        assert summary["num_events"] == len(summary["events"])
        assert summary["start_state"] == "start"
        assert not summary["goal_reached"]
        with pytest.raises(ResetNeededError):
            env.step(0)


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("GOT_STARTER", "goal='GOT_STARTER' is reached in the start state 'got_starter' already"),
        (lambda state: bool(state.party), "is reached in the start state 'got_starter' already"),
    ],
)
def test_a_goal_reached_before_the_episode_begins_is_an_error(goal: Any, reason: str) -> None:
    with PokeRedEnv(goal=goal) as env:
        env.reset(seed=0)
        env.step(0)
        with pytest.raises(ConfigError, match=reason):
            env.reset(options={"state": "got_starter"})
        assert not env.step(0)[2]
        assert env.progress.num_steps == 2


def test_a_completed_game_can_be_played_on() -> None:
    with PokeRedEnv() as env:
        env.reset(seed=0)
        ending = env.rom.profile.events.flags[env.rom.profile.ending_event or ""]
        env.emulator.write(ram.EVENT_FLAGS.address + ending // 8, 1 << ending % 8)
        completed = pack_state(env.emulator.save_state(), env.rom.sha1, PYBOY_VERSION)
        assert env.step(0)[2]
        env.reset(options={"state": completed})
        assert not env.step(0)[2]


def test_an_episode_without_news_is_truncated_and_news_begin_the_count_anew() -> None:
    with PokeRedEnv(max_steps_without_news=3, action_set="full", max_steps=None) as env:
        env.reset(seed=0)
        ends = [env.step(action)[3] for action in (7, 7, 2, 7, 7, 7)]
        assert env.progress.num_steps_without_news == 3
        assert ends == [False] * 5 + [True]
        assert env.is_over
        env.reset(seed=0)
        env.step(7)
        env.step(7)
        env.load(env.save())
        assert env.step(7)[3]


def test_a_reached_goal_terminates() -> None:
    with PokeRedEnv(goal=lambda state: state.x == 4 or state.y != 5) as env:
        env.reset(seed=0)
        for action in random_actions(50):
            _, _, terminated, truncated, info = env.step(action)
            if terminated:
                break
        assert terminated
        assert not truncated
        assert info["episode_summary"]["goal_reached"]


def test_the_ending_flag_of_the_open_cartridge_terminates(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    assert not env.step(0)[2]
    flag = env.rom.profile.events.flags[env.rom.profile.ending_event or ""]
    env.emulator.write(ram.EVENT_FLAGS.address + flag // 8, 1 << flag % 8)
    _, _, terminated, _, info = env.step(0)
    assert terminated
    assert info["new_events"] == (env.rom.profile.ending_event,)
    assert info["reward_terms"]["events"] == 4.0


def test_saved_and_loaded_environments_have_the_same_future(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    play(env, random_actions(80))
    saved = env.save()
    future = play(env, random_actions(80, seed=2))
    env.load(saved)
    assert play(env, random_actions(80, seed=2)) == future
    with PokeRedEnv() as other:
        other.load(saved)
        assert play(other, random_actions(80, seed=2)) == future
        assert other.progress.to_json() == env.progress.to_json()
        assert other.reset()[1] == env.reset()[1]


def test_pickled_and_copied_environments_have_the_same_future(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    play(env, random_actions(30))
    twins = [pickle.loads(pickle.dumps(env)), copy.deepcopy(env)]
    future = play(env, random_actions(30, seed=2))
    for twin in twins:
        assert play(twin, random_actions(30, seed=2)) == future
        twin.close()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_keeps_replaced_starts_the_spaces_generators_and_that_it_is_closed(
    env: PokeRedEnv, copied: Callable[[PokeRedEnv], PokeRedEnv]
) -> None:
    env.action_space.seed(3)
    env.observation_space.seed(3)
    env.start_states = StartStates.load(env.rom, "power_on")
    env.declare_assist("help")
    twin = copied(env)
    assert twin.start_states == env.start_states
    assert twin.reset(seed=0)[1]["assists"] == ("help",)
    assert [twin.action_space.sample() for _ in range(9)] == [
        env.action_space.sample() for _ in range(9)
    ]
    assert (twin.observation_space.sample()["text"] == env.observation_space.sample()["text"]).all()
    twin.close()
    with pytest.raises(ClosedError):
        copied(twin).reset()


@pytest.mark.parametrize("change", [b"", b"abc", b"PKRSNAP1", b"PKRSNAP1" + bytes(40)])
def test_bytes_that_are_no_snapshot_are_refused(env: PokeRedEnv, change: bytes) -> None:
    with pytest.raises(StateError):
        env.load(change)


def test_a_damaged_snapshot_is_refused_and_the_episode_goes_on(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    saved = bytearray(env.save())
    saved[len(saved) // 2] ^= 1
    with pytest.raises(StateError):
        env.load(bytes(saved))
    env.step(0)


def test_episodes_can_start_from_names_paths_and_bytes(env: PokeRedEnv, tmp_path: Path) -> None:
    env.reset(seed=0)
    play(env, random_actions(60))
    place = env.game_state
    state = env.emulator.save_state()
    path = tmp_path / "somewhere.state"
    path.write_bytes(state)
    for start in (state, path, str(path)):
        _, info = env.reset(options={"state": start})
        assert (info["map_id"], info["x"], info["y"]) == (place.map_id, place.x, place.y)
    _, info = env.reset(options={"state": "start"})
    assert info["map_name"] == "HOME"
    _, info = env.reset(options={"state": "power_on"})
    assert info["map_id"] == 0


def test_start_states_can_be_drawn_by_weight() -> None:
    with PokeRedEnv(start_state={"start": 1.0, "power_on": 1.0}, max_steps=1) as env:
        env.reset(seed=0)
        starts = set()
        for _ in range(12):
            env.reset()
            starts.add(env.step(0)[4]["episode_summary"]["start_state"])
        assert starts == {"start", "power_on"}


@pytest.mark.parametrize("state", ["nowhere", "/no/such.state", "a\0b", "../start", "~no-user/x"])
def test_an_unknown_state_is_answered_with_the_known_ones(env: PokeRedEnv, state: str) -> None:
    with pytest.raises(StateNotFoundError, match="power_on"):
        env.reset(options={"state": state})


@pytest.mark.parametrize("state", [b"", b"junk", bytes(100_000), b"\x1d" + bytes(153_523)])
def test_bytes_that_are_no_state_are_refused_and_the_next_reset_works(
    env: PokeRedEnv, state: bytes
) -> None:
    with pytest.raises(StateError):
        env.reset(options={"state": state})
    env.reset(seed=0)


@pytest.mark.parametrize("action", [-1, 7, 1000, 1.5, "up", None, np.zeros(2, int), 2**70])
def test_an_action_outside_the_space_is_refused(env: PokeRedEnv, action: Any) -> None:
    env.reset(seed=0)
    with pytest.raises(InvalidActionError, match="0 down, 1 left"):
        env.step(action)


@pytest.mark.parametrize("action", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_of_any_kind_are_actions(env: PokeRedEnv, action: Any) -> None:
    env.reset(seed=0)
    env.step(action)


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_steps": 0},
        {"max_steps": -5},
        {"max_steps": 2.5},
        {"max_steps_without_news": 0},
        {"action_frames": 8},
        {"action_frames": 0},
        {"action_frames": "soon"},
        {"hold_frames": 0},
        {"hold_frames": 24},
        {"hold_frames": 2.0},
        {"repeat_action_probability": 1.5},
        {"repeat_action_probability": "often"},
        {"action_set": "huge"},
        {"action_set": ["default"]},
        {"render_mode": "hologram"},
        {"reward_weights": {"fights": 1.0}},
        {"goal": "GOT_STARTR"},
        {"start_state": {"start": 0.0}},
        {"start_state": {}},
        {"start_state": 7},
        {"rom_path": 7},
    ],
)
def test_arguments_outside_their_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PokeRedEnv(**arguments)


def test_a_huge_step_limit_is_fine() -> None:
    with PokeRedEnv(max_steps=10**30) as env:
        env.reset(seed=0)
        assert not env.step(0)[3]


def test_unknown_reset_options_are_refused(env: PokeRedEnv) -> None:
    with pytest.raises(ConfigError, match="place"):
        env.reset(options={"place": "start"})


def test_step_and_render_before_reset_and_use_after_close_are_errors() -> None:
    env = PokeRedEnv(render_mode="rgb_array")
    for use in (lambda: env.step(0), env.render, env.save):
        with pytest.raises(ResetNeededError):
            use()
    env.reset(seed=0)
    env.close()
    env.close()
    for use in (lambda: env.step(0), env.render, env.save, env.reset):
        with pytest.raises(ClosedError):
            use()


def test_before_the_first_reset_there_is_no_game_to_look_at(env: PokeRedEnv) -> None:
    assert env.is_over
    with pytest.raises(ResetNeededError):
        _ = env.game_state
    env.reset(seed=0)
    assert not env.is_over


@pytest.mark.parametrize("seed", [-1, "x", 1.5, True])
def test_a_seed_that_is_no_whole_number_from_0_on_is_refused(env: PokeRedEnv, seed: Any) -> None:
    with pytest.raises(ConfigError, match="seed="):
        env.reset(seed=seed)


def test_numbers_of_numpy_are_numbers() -> None:
    with PokeRedEnv(max_steps=np.int64(1)) as env:
        env.reset(seed=np.int64(3))
        here = play(env, [0])
        env.reset(seed=3)
        assert play(env, [0]) == here


def test_the_full_action_set_has_noop_and_select() -> None:
    with PokeRedEnv(action_set="full") as env:
        assert env.action_space.n == 9
        assert [button.value for button in env.buttons[7:]] == ["noop", "select"]
        env.reset(seed=0)
        before = env.game_state
        env.step(7)
        assert (env.game_state.x, env.game_state.y) == (before.x, before.y)


def test_sticky_actions_repeat_the_last_one() -> None:
    with PokeRedEnv(repeat_action_probability=1.0) as env:
        env.reset(seed=0)
        for _ in range(5):
            env.step(6)  # start would open the menu
        assert env.game_state.direction.name == "DOWN"
        assert "SAVE" not in env.step(6)[4]["text"]


def test_the_action_mask_says_which_buttons_are_heeded() -> None:
    with PokeRedEnv(action_mask=True) as env:
        _, info = env.reset(seed=0)
        assert info["action_mask"].tolist() == [1] * 7
        env.emulator.write(ram.JOY_IGNORE.address, 0xF0)
        _, _, _, _, info = env.step(4)
        ignored = env.game_state.joy_ignore
        expected = [not ignored & button.joypad_bit for button in env.buttons]
        assert info["action_mask"].tolist() == expected


def test_until_ready_takes_fewer_frames_for_a_step_and_still_walks() -> None:
    with PokeRedEnv(action_frames="until_ready") as env:
        env.reset(seed=0)
        frames, moved = [], 0
        for action in random_actions(120, seed=4):
            before = env.game_state
            _, _, _, _, info = env.step(action)
            frames.append(info["frames"])
            moved += (before.x, before.y) != (env.game_state.x, env.game_state.y)
        assert moved > 10
        assert np.mean(frames) < 24
        assert max(frames) <= 240


def test_rendering_gives_a_picture_or_characters() -> None:
    with PokeRedEnv(render_mode="rgb_array") as env:
        env.reset(seed=0)
        picture: Any = env.render()
        assert picture.shape == (144, 160, 3)
        assert picture.dtype == np.uint8
        picture[:] = 0
        assert env.emulator.screen.any()
    with PokeRedEnv(render_mode="ansi") as env:
        env.reset(seed=0)
        drawing = env.render()
        assert isinstance(drawing, str)
        assert [len(line) for line in drawing.split("\n")[:36]] == [80] * 36


def test_two_environments_on_one_rom_do_not_disturb_each_other(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    alone = play(env, random_actions(40))
    with PokeRedEnv() as other:
        env.reset(seed=0)
        other.reset(seed=5)
        together = hashlib.sha1()
        for action in random_actions(40):
            seen, reward, *_ = env.step(action)
            other.step(6 - action)
            for array in seen.values():
                together.update(array.tobytes())  # type: ignore[attr-defined]
            together.update(repr(reward).encode())
        together.update(env.emulator.read(0xC000, 0x2000))
    assert together.hexdigest() == alone


def test_an_unknown_cartridge_can_be_tried(write_tiny_rom: Callable[..., Path]) -> None:
    with PokeRedEnv(write_tiny_rom(), allow_unknown_rom=True) as env:
        _, info = env.reset(seed=0)
        assert info["rom"] == "unknown"
        assert env.observation_space.contains(env.step(0)[0])


@pytest.mark.filterwarnings("ignore:.*precision lowered by casting")
@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: gym.wrappers.RecordEpisodeStatistics(env),
        lambda env: gym.wrappers.FilterObservation(env, ["screen", "state"]),
        lambda env: gym.wrappers.TimeLimit(env, 5),
        lambda env: gym.wrappers.FrameStackObservation(
            gym.wrappers.TransformObservation(
                env, lambda seen: seen["screen"], env.observation_space["screen"]
            ),
            4,
        ),
        lambda env: gym.wrappers.DtypeObservation(
            gym.wrappers.TransformObservation(
                env, lambda seen: seen["state"], env.observation_space["state"]
            ),
            np.float16,
        ),
    ],
)
def test_gymnasiums_wrappers_work(wrap: Callable[[Any], Any]) -> None:
    env = wrap(gym.make(ID, max_steps=6))
    env.reset(seed=0)
    for action in random_actions(6):
        seen, _, terminated, truncated, info = env.step(action)
        assert env.observation_space.contains(seen)
        if terminated or truncated:
            break
    assert truncated
    if isinstance(env, gym.wrappers.RecordEpisodeStatistics):
        assert info["episode"]["l"] == 6
    env.close()


def test_importing_the_package_loads_no_emulator_and_prints_nothing() -> None:
    script = (
        "import json, sys, pokered_env; import gymnasium; "
        "print(json.dumps(['pyboy' in sys.modules, 'PokeRed-v0' in gymnasium.registry]))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [False, True]
    assert run.stderr == ""


def test_every_public_name_exists_and_has_a_docstring() -> None:
    for name in pokered_env.__all__:
        value = getattr(pokered_env, name)
        assert isinstance(value, str | tuple | gym.Space) or value.__doc__, name


def test_every_error_is_a_pokered_error() -> None:
    for name in pokered_env.errors.__all__:
        assert issubclass(getattr(pokered_env.errors, name), PokeRedError)


def test_a_window_shows_every_frame_and_changes_nothing(env: PokeRedEnv) -> None:
    env.reset(seed=7)
    expected = play(env, random_actions(3))
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_env as t; "
        "from pokered_env.env import PokeRedEnv; env = PokeRedEnv(render_mode='human'); "
        "env.reset(seed=7); print(t.play(env, t.random_actions(3)), env.emulator.is_running)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
    )
    assert run.stdout.split() == [expected, "True"]


def test_on_the_way_into_another_map_nothing_is_paid_and_the_place_is_kept(env: PokeRedEnv) -> None:
    _, before = env.reset(seed=0)
    env.step(0)
    env.emulator.write(ram.CUR_MAP.address, 0)  # outdoors; size and coordinates are still home's
    seen, reward, _, _, info = env.step(5)
    assert info["map_name"] == "WICKHAM"
    assert reward == 0
    assert info["global_xy"] == before["global_xy"]
    assert not seen["visited_mask"].any()
    saved = env.save()
    env.step(5)
    env.load(saved)
    assert env.step(5)[4]["global_xy"] == before["global_xy"]
    assert all(key != -1 for key, _, _ in env.progress.exploration.tiles())


def test_from_power_on_the_cartridge_sets_its_random_numbers_itself() -> None:
    with PokeRedEnv(start_state="power_on") as env:
        digests = set()
        for seed in range(3):
            env.reset(seed=seed)
            digests.add(play(env, [6] * 20))
        assert len(digests) == 1


def test_before_the_first_map_there_is_no_tile() -> None:
    with PokeRedEnv(start_state="power_on") as env:
        _, info = env.reset(seed=0)
        assert info["coverage"] == 0


def test_copies_keep_the_spec_and_the_seed() -> None:
    env = gym.make("pokered_env:PokeRed-v0", max_steps=50)
    env.reset(seed=7)
    for clone in (pickle.loads(pickle.dumps(env)), copy.deepcopy(env)):
        assert clone.spec == env.spec and clone.unwrapped.spec == env.unwrapped.spec
        assert clone.unwrapped.np_random_seed == 7
        clone.close()
    env.close()


@pytest.mark.parametrize(("frames", "per_s"), [(24, 2.5), (8, 7.5), (60, 1.0)])
def test_films_run_at_the_speed_of_the_game(frames: int, per_s: float) -> None:
    env = PokeRedEnv(action_frames=frames, hold_frames=4)
    assert env.metadata["render_fps"] == pytest.approx(per_s)
    env.close()


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        ({}, 20_480),
        ({"max_steps": 6}, 6),
        ({"max_episode_steps": 6}, 6),
        ({"max_steps": None}, None),
        ({"max_steps": None, "max_episode_steps": 6}, 6),
    ],
)
def test_the_spec_knows_the_step_limit(arguments: dict[str, Any], limit: int | None) -> None:
    env = gym.make("pokered_env:PokeRed-v0", **arguments)
    assert env.spec is not None and env.spec.max_episode_steps == limit
    again = gym.make(env.spec)
    assert again.spec is not None and again.spec.max_episode_steps == limit
    if limit == 6:
        again.reset(seed=0)
        assert [again.step(0)[3] for _ in range(6)] == [False] * 5 + [True]
    env.close()
    again.close()


def test_time_aware_observations_count_to_the_step_limit() -> None:
    game = gym.make("pokered_env:PokeRed-v0", max_steps=4)
    env = gym.wrappers.TimeAwareObservation(game, flatten=False, normalize_time=True)
    seen, _ = env.reset(seed=0)
    times = [seen["time"].item()]
    truncated = False
    while not truncated:
        seen, _, _, truncated, _ = env.step(0)
        times.append(seen["time"].item())
    assert times == [0.0, 0.25, 0.5, 0.75, 1.0]
    env.close()


def test_action_masks_are_what_info_says_as_bools() -> None:
    env = gym.make("pokered_env:PokeRed-v0", action_mask=True)
    _, info = env.reset(seed=0)
    masks: Any = env.get_wrapper_attr("action_masks")
    assert (
        masks().dtype == np.bool_ and masks().tolist() == info["action_mask"].astype(bool).tolist()
    )
    game: Any = env.unwrapped
    game.emulator.write(ram.JOY_IGNORE.address, 0xF0)
    _, _, _, _, info = env.step(6)
    assert masks().tolist() == [False] * 4 + [True] * 3
    assert masks().tolist() == info["action_mask"].astype(bool).tolist()
    env.close()


def test_action_masks_before_an_episode_are_refused() -> None:
    with PokeRedEnv() as env, pytest.raises(ResetNeededError):
        env.action_masks()
