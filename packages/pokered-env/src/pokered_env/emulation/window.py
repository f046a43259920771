"""Whether a window can be seen: SDL, which opens it, says nothing where there is no display."""

from __future__ import annotations

import os
import warnings
from enum import Enum

from pokered_env.errors import ConfigError

DRIVER_VARIABLE = "SDL_VIDEODRIVER"
_UNSEEN = ("offscreen", "dummy", "evdev")  # SDL's drivers that show nothing


class Window(str, Enum):
    """Where the picture goes."""

    NONE = "null"
    SDL2 = "SDL2"


def check_display() -> None:
    """Make sure that a window will be seen, or that the user has chosen that it is not.

    Raises:
        ConfigError: There is no display, and `SDL_VIDEODRIVER` does not ask for none.
    """
    driver, problem = _driver()
    if driver in _UNSEEN and driver not in os.environ.get(DRIVER_VARIABLE, "").split(","):
        driver, problem = "", "no display"
    if not driver:
        raise ConfigError(
            f"There is no display for a window ({problem}). Use a desktop, or "
            'render_mode="rgb_array" or "ansi", or `pokered play --headless 500`. '
            f"{DRIVER_VARIABLE}=dummy opens a window that nobody sees."
        )


def _driver() -> tuple[str, str]:
    """Return the name of the driver SDL takes, or none and why."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SDL announces on stderr where its library is from
        try:
            import sdl2
        except ImportError as error:
            return "", f"SDL cannot be used: {error}"
    if sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_VIDEO) < 0:
        return "", sdl2.SDL_GetError().decode(errors="replace")
    try:
        return (sdl2.SDL_GetCurrentVideoDriver() or b"").decode(), ""
    finally:
        sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_VIDEO)
