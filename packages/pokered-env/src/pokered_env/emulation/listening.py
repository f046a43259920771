"""Whether the game asks for buttons: told by its joypad routine, else read off its screen."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from pokered_env.emulation.emulator import Emulator
from pokered_env.game import ram
from pokered_env.game.ram import Memory

_CURSOR, _MORE = 0xED, 0xEE  # the tiles of ▶ and ▼
_MORE_PLACE = 16 * 20 + 18  # where a text that goes on shows ▼: row 16, column 18


class Ears(Protocol):
    """Tells whether the game, in a menu, text or battle, asks for buttons."""

    def prick(self) -> None:
        """Attend to the game from now on; before that nothing is heard."""
        ...

    def has_heard(self) -> bool:
        """Tell whether the game has asked since it is attended to, or seems to wait for it."""
        ...

    def rest(self) -> None:
        """Attend to it no more, and forget."""
        ...


def listen(emulator: Emulator, joypad_routine: int | None) -> Ears:
    """Return what tells whether the game asks for buttons, as exactly as its ROM is known."""
    return ScreenEars(emulator) if joypad_routine is None else HookedEars(emulator, joypad_routine)


class HookedEars:
    """Hears the game call its joypad routine.

    A game that waits may call it a hundred times in a frame, and every call costs: so the routine
    is watched only where the answer is needed.

    Args:
        emulator: The machine.
        joypad_routine: The routine's address, as in the ROM's profile.
    """

    def __init__(self, emulator: Emulator, joypad_routine: int) -> None:
        self._emulator = emulator
        self._routine = joypad_routine
        self._calls: deque[bool] | None = None

    def prick(self) -> None:
        """Watch the routine."""
        if self._calls is None:
            self._calls = self._emulator.watch(self._routine)

    def has_heard(self) -> bool:
        """Tell whether the routine has been called since it is watched."""
        return bool(self._calls)

    def rest(self) -> None:
        """Watch it no more."""
        if self._calls is not None:
            self._emulator.unwatch(self._routine)
            self._calls = None


class ScreenEars:
    """Guesses it for ROMs whose joypad routine nobody knows.

    A battle that waits shows a cursor or the mark of a text that goes on. Elsewhere the game has
    to have noticed that the last button was released.

    Args:
        memory: The game.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def prick(self) -> None:
        """Do nothing: the screen can be read at any time."""

    def has_heard(self) -> bool:
        """Tell whether the screen looks as if the game waited for a button."""
        byte = self._memory.read_byte
        if not byte(ram.IS_IN_BATTLE.address):
            return byte(ram.JOY_LAST.address) == byte(ram.JOY_INPUT.address)
        tiles = self._memory.read(ram.TILE_MAP.address, ram.TILE_MAP.size)
        return _CURSOR in tiles or tiles[_MORE_PLACE] == _MORE

    def rest(self) -> None:
        """Do nothing."""
