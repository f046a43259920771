from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pokered_env.env import PokeRedEnv
from pokered_env.game import profiles
from pokered_env.recording.episode import Episode, EpisodeRecorder, replay
from pokered_env.tools.cli import main

Capture = pytest.CaptureFixture[str]


def test_doctor_names_the_rom_pyboy_and_the_speed(capsys: Capture) -> None:
    assert main(["doctor", "--steps", "20"]) == 0
    out = capsys.readouterr().out
    for part in ("WISPVALE", profiles.open_cartridge_sha1(), "pyboy", "steps/s"):
        assert part in out


def test_play_checks_the_environment_without_a_window(capsys: Capture) -> None:
    assert main(["play", "--headless", "30"]) == 0
    assert "30 steps twice, equal" in capsys.readouterr().out


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


def test_an_episode_is_recorded_verified_and_shown(tmp_path: Path, capsys: Capture) -> None:
    file, video, heat = (tmp_path / name for name in ("e.prz", "e.webp", "e.png"))
    assert main(["record", str(file), "--steps", "25"]) == 0
    assert "25 actions" in capsys.readouterr().out
    arguments = ["replay", str(file), "--verify", "--video", str(video), "--heat-map", str(heat)]
    assert main(arguments) == 0
    assert "every step as recorded" in capsys.readouterr().out
    assert video.stat().st_size > 1000
    assert heat.stat().st_size > 100


def test_a_recording_that_cannot_be_written_is_refused_before_it_is_played(
    tmp_path: Path, capsys: Capture
) -> None:
    assert main(["record", str(tmp_path / "no" / "e.prz"), "--steps", "100000000"]) == 1
    assert "a folder that exists" in capsys.readouterr().err


def test_a_heat_map_shows_where_the_player_was_more_often(tmp_path: Path) -> None:
    file, picture = tmp_path / "e.prz", tmp_path / "e.png"
    with PokeRedEnv(start_state="got_pick") as env:
        recorder = EpisodeRecorder(env, seed=0)
        for action in [0, 0, 3, 3, 0, 0, 3, 3, 1, 1, 2, 2] * 3:
            recorder.step(action)
        recorder.episode().save(file)
        assert env.progress.exploration.world().any()
    assert main(["replay", str(file), "--heat-map", str(picture)]) == 0
    with Image.open(picture) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors() or []}
    ground_and_lines = 3
    assert len(colours) > ground_and_lines + 1


def test_a_picture_or_video_that_cannot_be_written_is_named_before_the_replay(
    tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "e.prz"
    assert main(["record", str(file), "--steps", "3"]) == 0
    episode = Episode.load(file)
    replace(episode, checks=bytes(len(episode.checks))).save(file)  # a replay would say so
    for option in ("--video", "--heat-map"):
        for path in (tmp_path / "e.txt", tmp_path / "nowhere" / "e.gif"):
            assert main(["replay", str(file), "--verify", option, str(path)]) == 1
            assert path.name in capsys.readouterr().err


def test_a_damaged_recording_is_one_line_and_exit_status_1(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "e.prz"
    file.write_bytes(b"PKREPIS1 but not really")
    assert main(["replay", str(file), "--verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pokered: ")
    assert captured.err.count("\n") == 1


def test_a_state_is_made_from_a_file_and_started_from_by_name(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERED_DATA", str(tmp_path))
    with PokeRedEnv() as env:
        env.reset(seed=0)
        for action in (1, 1, 0):
            env.step(action)
        place = env.game_state
        (tmp_path / "some.state").write_bytes(env.emulator.save_state())
    assert main(["states", "make", "my-place", "--from", str(tmp_path / "some.state")]) == 0
    assert main(["states", "list"]) == 0
    assert "my-place" in capsys.readouterr().out
    with PokeRedEnv(start_state="my-place") as env:
        env.reset(seed=0)
        assert (env.game_state.x, env.game_state.y) == (place.x, place.y)


def test_a_state_is_made_from_where_a_recorded_episode_ends(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERED_DATA", str(tmp_path))
    file = tmp_path / "e.prz"
    assert main(["record", str(file), "--steps", "30", "--seed", "4"]) == 0
    assert main(["states", "make", "the-end", "--episode", str(file)]) == 0
    places = []
    replay(Episode.load(file), on_step=lambda env: places.append(env.game_state))
    with PokeRedEnv(start_state="the-end") as env:
        env.reset(seed=0)
        assert env.game_state == places[-1]


def test_a_milestone_is_made_by_its_script_without_a_display(
    capsys: Capture, no_display: None
) -> None:
    assert main(["states", "make", "got_starter"]) == 0
    assert "got_starter: made by its script" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("start", ["--from", "start"]),
        ("start", ["--force"]),
        *((name, source) for name in ("a/b", "", "../x") for source in (["--from", "start"], [])),
    ],
)
def test_a_state_cannot_take_a_scripts_name_or_leave_its_folder_and_it_is_said_before_playing(
    name: str, source: list[str], capsys: Capture, no_display: None
) -> None:
    assert main(["states", "make", name, *source]) == 1
    assert "cannot be the name" in capsys.readouterr().err


def test_a_state_is_replaced_only_by_force_and_it_is_said_before_playing(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, no_display: None
) -> None:
    monkeypatch.setenv("POKERED_DATA", str(tmp_path))
    assert main(["states", "make", "mine", "--from", "start"]) == 0
    (file,) = tmp_path.rglob("mine.state")
    first = file.read_bytes()
    for source in ([], ["--from", "power_on"]):
        assert main(["states", "make", "mine", *source]) == 1
        assert "--force" in capsys.readouterr().err
    assert file.read_bytes() == first
    assert main(["states", "make", "mine", "--from", "power_on", "--force"]) == 0
    assert file.read_bytes() != first


_PLAY_AND_CLOSE = """
import sys, threading, time, sdl2, pokered_env.tools.cli

def close_the_window():
    while True:
        time.sleep(0.5)
        sdl2.SDL_PushEvent(sdl2.SDL_Event(type=sdl2.SDL_QUIT))

threading.Thread(target=close_the_window, daemon=True).start()
sys.exit(pokered_env.tools.cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal closes the window")
def test_a_state_is_made_by_playing_on_from_another(tmp_path: Path) -> None:
    with PokeRedEnv() as env:
        env.reset(seed=0)
        for action in (1, 1, 0):
            env.step(action)
        place = env.game_state
        (tmp_path / "some.state").write_bytes(env.emulator.save_state())
    words = ["states", "make", "played", "--state", str(tmp_path / "some.state")]
    display = {"SDL_VIDEODRIVER": "dummy", "POKERED_DATA": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pokered_env.tools.cli", *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **display},
    ) as game:
        assert game.stdout
        assert "Escape ends" in game.stdout.readline()
        game.terminate()  # which SDL takes for closing the window
        out, _ = game.communicate(timeout=30)
    assert "played: " in out
    (file,) = tmp_path.rglob("played.state")
    with PokeRedEnv(start_state=file) as env:
        env.reset(seed=0)
        assert (env.game_state.x, env.game_state.y) == (place.x, place.y)


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", "--rom", "/nowhere.gb"],
        ["doctor", "--steps", "-3"],
        ["play", "--headless", "0"],
        ["play", "--headless", "3", "--state", "atlantis"],
        ["record", "/nowhere/e.prz", "--steps", "2"],
        ["record", "e.prz", "--steps", "0"],
        ["record", "e.prz", "--seed", "-1"],
        ["bench", "--rounds", "0"],
        ["replay", "/nowhere.prz"],
        ["states", "list", "--rom", __file__],
    ],
)
def test_bad_input_is_one_clear_line_without_a_traceback(
    arguments: list[str], capsys: Capture
) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("pokered: ")
    assert captured.err.count("\n") == 1


def test_the_installed_command_prints_only_its_report() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pokered_env.tools.cli", "states", "list"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "power_on" in run.stdout
    assert run.stderr == ""


def test_bench_tries_an_unknown_rom_if_told_to(
    tmp_path: Path, capsys: Capture, write_tiny_rom: Callable[..., Path]
) -> None:
    words = ["bench", "--rounds", "1", "--rom", str(write_tiny_rom())]
    assert main(words) == 1
    assert "allow" in capsys.readouterr().err
    assert main([*words, "--allow-unknown-rom"]) == 0
    assert json.loads(capsys.readouterr().out)["rom"] == "unknown"


@pytest.mark.slow
def test_bench_prints_one_line_of_json(capsys: Capture) -> None:
    assert main(["bench", "--rounds", "2"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"efficiency", "python_us", "threads2_scaling", "reset_ms"} <= set(figures)
