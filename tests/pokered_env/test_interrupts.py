"""Ctrl-C arrives: in steps, in vector steps, and in the commands, which keep what they have."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pokered_env.recording.episode import Episode, replay
from pokered_env.tools.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on POSIX")

_SIGNALS = """
import os, random, signal, sys, threading, time
from pokered_env import PokeRedEnv, PokeRedVectorEnv

num_envs, times = map(int, sys.argv[1:3])
timing = {"action_frames": "until_ready"} if "until_ready" in sys.argv else {}
env = PokeRedVectorEnv(num_envs, **timing) if num_envs > 1 else PokeRedEnv(**timing)
button = 0 if timing else 4
action = [button] * num_envs if num_envs > 1 else button
env.reset(seed=0)
if timing:
    env.step(6)  # a menu: there PyBoy is asked to watch the game
arrived = 0
for number in range(times):
    timer = threading.Timer(0.005 + 0.0007 * number, os.kill, (os.getpid(), signal.SIGINT))
    end = time.monotonic() + 2
    try:
        timer.start()  # on a busy machine it may be late enough to be hit itself
        while time.monotonic() < end:
            env.step(action)
    except KeyboardInterrupt:
        arrived += 1
print(arrived)
"""


@pytest.mark.parametrize("num_envs", [1, 2])
def test_every_ctrl_c_during_steps_arrives(num_envs: int) -> None:
    command = [sys.executable, "-c", _SIGNALS, str(num_envs), "25"]
    out = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert out.stdout.split() == ["25"], out.stderr[-500:]


def test_every_ctrl_c_arrives_while_the_game_is_watched_for_being_ready() -> None:
    command = [sys.executable, "-c", _SIGNALS, "1", "25", "until_ready"]
    out = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert out.stdout.split() == ["25"], out.stderr[-500:]


def test_a_recording_that_is_interrupted_keeps_what_was_played(tmp_path: Path) -> None:
    file = tmp_path / "play.prz"
    words = ["-m", "pokered_env.tools.cli", "record", str(file), "--steps", "1000000"]
    with subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True) as command:
        time.sleep(3)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=60)
    assert command.returncode == 0 and "Stopped" in err
    episode = Episode.load(file)
    assert len(episode.actions) > 0
    replay(episode)


_STOPPED_REPLAY = """
import sys
from pokered_env.recording import episode
from pokered_env.tools.cli import main

whole = episode.replay
def replay(*args, on_step, **kwargs):
    def stop_after_7(env):
        on_step(env)
        if env.progress.num_steps == 7:
            raise KeyboardInterrupt  # as a Ctrl-C would, at a moment that is known
    return whole(*args, on_step=stop_after_7, **kwargs)
episode.replay = replay
sys.exit(main(["replay", sys.argv[1], *sys.argv[2:]]))
"""


@pytest.mark.parametrize("verify", [True, False])
def test_a_stopped_replay_claims_only_the_steps_it_played(tmp_path: Path, verify: bool) -> None:
    file, video = tmp_path / "play.prz", tmp_path / "play.webp"
    assert main(["record", str(file), "--steps", "12"]) == 0
    words = [*(["--verify"] if verify else []), "--video", str(video)]
    command = [sys.executable, "-c", _STOPPED_REPLAY, str(file), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 130
    assert f"7 of 12 steps {'as recorded' if verify else 'played'}" in done.stdout
    assert "every step" not in done.stdout
    assert video.stat().st_size > 0
