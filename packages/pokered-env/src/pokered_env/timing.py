"""How long an action takes, and when the game is ready for the next one."""

from __future__ import annotations

from dataclasses import dataclass

from pokered_env import ram
from pokered_env.actions import Button
from pokered_env.emulator import Emulator
from pokered_env.errors import ConfigError
from pokered_env.scripts import is_standing

UNTIL_READY = "until_ready"
MAX_READY_FRAMES = 240
"""The most frames one action takes with ``action_frames="until_ready"``."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one action takes.

    Attributes:
        action_frames: Frames of one action; with ``until_ready`` the most of them.
        hold_frames: Frames the button is held, from the first one on.
        until_ready: End the action as soon as the game accepts input again.
    """

    action_frames: int
    hold_frames: int
    until_ready: bool


def make_timing(action_frames: int | str, hold_frames: int) -> Timing:
    """Check the two arguments of the environment and join them.

    Raises:
        ConfigError: One of them is outside its range.
    """
    until_ready = action_frames == UNTIL_READY
    frames = MAX_READY_FRAMES if until_ready else action_frames
    if not _is_count(frames) or not _is_count(hold_frames) or not hold_frames < int(frames):
        raise ConfigError(
            f"action_frames={action_frames!r}, hold_frames={hold_frames!r}: a button is held for "
            "at least 1 frame and released within the action, so 0 < hold_frames < action_frames "
            f"(or action_frames={UNTIL_READY!r}). The defaults are 24 and 8."
        )
    return Timing(int(frames), hold_frames, until_ready)


def perform(emulator: Emulator, button: Button, timing: Timing) -> int:
    """Press a button as ``timing`` says; return the frames it took."""
    if not timing.until_ready:
        emulator.step(button.key, timing.hold_frames, timing.action_frames)
        return timing.action_frames
    is_ready = _Readiness(emulator)
    return emulator.step_until(button.key, timing.hold_frames, is_ready, timing.action_frames)


class _Readiness:
    """Whether the game accepts input: asked in every second frame.

    Walking, the game says so itself. In menus, texts and battles it does not: there the screen has
    to stand still for longer than the slowest text takes for a letter.
    """

    _TIMES_STILL = 4

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._tiles = b""
        self._still = 0

    def __call__(self) -> bool:
        if self._emulator.read_byte(ram.WINDOW_Y.address) == ram.WINDOW_HIDDEN:
            return is_standing(self._emulator)
        tiles = self._emulator.read(ram.TILE_MAP.address, ram.TILE_MAP.size)
        self._still = self._still + 1 if tiles == self._tiles else 0
        self._tiles = tiles
        return self._still >= self._TIMES_STILL


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 100_000
