"""Ctrl-C arrives: in steps, in vector steps, and in the commands, which keep what they have."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pokered_env.recording.episode import Episode, replay
from pokered_env.tools.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on POSIX")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "interrupts.py"


@pytest.mark.parametrize("kind", ["step", "until_ready", "reset", "vector"])
def test_every_ctrl_c_arrives(kind: str) -> None:
    command = [sys.executable, str(BENCHMARK), "--times", "25", "--kinds", kind]
    out = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert out.returncode == 0, out.stderr[-500:]
    assert json.loads(out.stdout.splitlines()[-1]) == {kind: "25/25"}


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
