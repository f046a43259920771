"""Buttons, and the sets of them an agent chooses from."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ActionSet = Literal["default", "full"]


class Button(str, Enum):
    """A button of the console, or none of them."""

    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    A = "a"
    B = "b"
    START = "start"
    NOOP = "noop"
    SELECT = "select"

    @property
    def key(self) -> str | None:
        """The emulator's name of the button, None for no button."""
        return None if self is Button.NOOP else self.value

    @property
    def joypad_bit(self) -> int:
        """Its bit in ``wJoyIgnore`` and the game's other joypad variables; 0 for no button."""
        return _JOYPAD_BITS.get(self, 0)


_JOYPAD_BITS = {
    Button.A: 0x01,
    Button.B: 0x02,
    Button.SELECT: 0x04,
    Button.START: 0x08,
    Button.RIGHT: 0x10,
    Button.LEFT: 0x20,
    Button.UP: 0x40,
    Button.DOWN: 0x80,
}

ACTION_SETS: dict[str, tuple[Button, ...]] = {
    "default": tuple(Button)[:7],
    "full": tuple(Button),
}
"""Buttons by action number, for each action set."""


def heeded_mask(buttons: Sequence[Button], joy_ignore: int) -> NDArray[np.int8]:
    """Return 1 for every button the game heeds now, 0 for those it ignores.

    Args:
        buttons: The action set, ``(num_actions,)``.
        joy_ignore: The game's ``wJoyIgnore``.
    """
    return np.array([not button.joypad_bit & joy_ignore for button in buttons], np.int8)
