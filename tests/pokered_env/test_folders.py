from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pokered_env.folders import cache_folder, data_folder


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_what_can_be_made_again_and_what_cannot_lie_apart(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("POKERED_CACHE", "POKERED_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() not in (data_folder(), *data_folder().parents)
    assert "pokered-env" in cache_folder().parts
    assert "pokered-env" in data_folder().parts


def test_folders_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name, folder in (("CACHE", cache_folder), ("DATA", data_folder)):
        monkeypatch.delenv(f"POKERED_{name}", raising=False)
        monkeypatch.setenv(f"XDG_{name}_HOME", "/chosen")
        assert folder() == Path("/chosen/pokered-env")
        monkeypatch.setenv(f"POKERED_{name}", "/ours")
        assert folder() == Path("/ours")


def test_without_a_home_the_environment_is_made_all_the_same() -> None:
    code = (
        "import pathlib\n"
        "def nobody(*_): raise RuntimeError('Could not determine home directory.')\n"
        "pathlib.Path.home = nobody\n"
        "import gymnasium as gym\n"
        "env = gym.make('pokered_env:PokeRed-v0')\n"
        "env.reset(seed=0)\n"
        "from pokered_env.tools.cli import main\n"
        "assert main(['states', 'list']) == 0\n"
    )
    kept = {"PATH", "PYTHONPATH", "SYSTEMROOT"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_terminal_without_our_letters_gets_others() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "pokered_env.tools.cli", "doctor", "--steps", "20"],
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
