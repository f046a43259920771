"""A window that nobody could see is an error, unless it was asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pokered_env.emulation import window
from pokered_env.errors import ConfigError

OPEN = """
import sys
from pokered_env import PokeRedEnv
env = PokeRedEnv(render_mode="human")
env.reset(seed=0)
env.step(4)
print("opened")
"""


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python as on a machine without a display."""
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, *words],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="others always have a display")


@on_linux
@pytest.mark.parametrize("variables", [{}, {"DISPLAY": ":63"}], ids=["none", "gone"])
def test_without_a_display_a_window_is_an_error_that_helps(variables: dict[str, str]) -> None:
    done = run("-c", OPEN, **variables)
    assert done.returncode == 1
    assert "ConfigError: There is no display" in done.stderr
    assert "rgb_array" in done.stderr and "SDL_VIDEODRIVER=dummy" in done.stderr


@on_linux
@pytest.mark.parametrize("words", [["play"], ["states", "make", "mine", "--state", "power_on"]])
def test_commands_that_need_a_window_end_with_1(words: list[str]) -> None:
    done = run("-m", "pokered_env.tools.cli", *words)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("pokered: There is no display")
    assert "Traceback" not in done.stderr


def test_a_window_nobody_sees_may_be_asked_for() -> None:
    assert run("-c", OPEN, SDL_VIDEODRIVER="dummy").stdout == "opened\n"


def test_without_sdl_only_windows_are_missing() -> None:
    code = (
        "import sys; sys.modules['sdl2'] = None\n"
        "from pokered_env import PokeRedEnv\n"
        "PokeRedEnv().reset(seed=0)\n"
        "PokeRedEnv(render_mode='human')\n"
    )
    done = run("-c", code, SDL_VIDEODRIVER="dummy")
    assert "ConfigError: There is no display for a window (SDL cannot be used" in done.stderr


def test_a_display_of_any_kind_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(window.DRIVER_VARIABLE, raising=False)
    for driver in ("x11", "wayland", "KMSDRM", "cocoa", "windows"):
        monkeypatch.setattr(window, "_driver", lambda name=driver: (name, ""))
        window.check_display()
    monkeypatch.setattr(window, "_driver", lambda: ("dummy", ""))
    monkeypatch.setenv(window.DRIVER_VARIABLE, "x11")
    with pytest.raises(ConfigError):
        window.check_display()
