"""Buttons, and the sets of them an agent chooses from."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import InvalidActionError

ActionSet = Literal["default", "full"]


class Button(str, Enum):
    """A button of the console, or none of them.

    Attributes:
        key: The emulator's name of the button, None for no button.
    """

    key: str | None

    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    A = "a"
    B = "b"
    START = "start"
    NOOP = "noop"
    SELECT = "select"

    def __init__(self, name: str) -> None:
        self.key = None if name == "noop" else name

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


def action_number(action: Any, buttons: Sequence[Button]) -> int:
    """Return the number of an action as an ``int``.

    Raises:
        InvalidActionError: It is no whole number, or there is no such action.
    """
    try:
        number = operator.index(action)
    except TypeError:
        number = -1
    if not 0 <= number < len(buttons):
        raise InvalidActionError(
            f"There is no action {action!r}. The actions are "
            + ", ".join(f"{i} {button.value}" for i, button in enumerate(buttons))
            + "."
        )
    return number


def heeded_mask(buttons: Sequence[Button], joy_ignore: int) -> NDArray[np.int8]:
    """Return 1 for every button the game heeds now, 0 for those it ignores.

    A game that ignores them all leaves nothing to choose: then every action is as good as any
    other, and all are allowed, for no policy can draw from an empty mask.

    Args:
        buttons: The action set, ``(num_actions,)``.
        joy_ignore: The game's ``wJoyIgnore``.
    """
    heeded = [not button.joypad_bit & joy_ignore for button in buttons]
    presses = [heed for heed, button in zip(heeded, buttons, strict=True) if button.joypad_bit]
    return np.array(heeded if any(presses) else [True] * len(buttons), np.int8)
