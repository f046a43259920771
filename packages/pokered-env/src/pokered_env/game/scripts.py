"""Input scripts: how a state is reached from power-on, open loop or until something is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pokered_env.errors import StartScriptError
from pokered_env.game import ram
from pokered_env.game.glyphs import GlyphTable
from pokered_env.game.ram import Memory
from pokered_env.game.screen_text import read_text

Condition = Callable[[Memory, GlyphTable], bool]


class Player(Memory, Protocol):
    """What plays a script: an emulator."""

    def step(self, button: str | None, hold_frames: int, total_frames: int) -> None:
        """Hold a button, release it, and let the rest of the frames pass."""
        ...


@dataclass(frozen=True)
class Press:
    """One repeated input.

    Attributes:
        button: ``down left right up a b start select``, or None to wait.
        hold_frames: Frames the button is held.
        total_frames: Frames of one repetition.
        repeat: How often; with ``until``, how often at most.
        until: Stop as soon as this holds (looked at before every repetition).
        goal: For people: what ``until`` waits for.
    """

    button: str | None
    hold_frames: int
    total_frames: int
    repeat: int = 1
    until: Condition | None = None
    goal: str = ""


InputScript = tuple[Press, ...]


def play(script: InputScript, player: Player, glyphs: GlyphTable) -> None:
    """Play a script on an emulator.

    Raises:
        StartScriptError: A condition did not come true in the repetitions allowed for it.
    """
    for number, press in enumerate(script):
        for _ in range(press.repeat):
            if press.until is not None and press.until(player, glyphs):
                break
            player.step(press.button, press.hold_frames, press.total_frames)
        if press.until is not None and not press.until(player, glyphs):
            raise StartScriptError(
                f"Step {number} of the start script pressed {press.button!r} {press.repeat} times "
                f"without reaching {press.goal}. Is this the original Pokémon Red (UE)? Otherwise "
                "pass start_state= a save state of your own."
            )


def shows(word: str) -> Condition:
    """Return a condition: ``word`` is part of the text on the screen."""
    return lambda memory, glyphs: word in str(read_text(memory, glyphs))


def hides(word: str) -> Condition:
    """Return a condition: ``word`` is no part of the text on the screen."""
    return lambda memory, glyphs: word not in str(read_text(memory, glyphs))


def is_in_control(memory: Memory, glyphs: GlyphTable) -> bool:
    """Tell whether the player can walk now: no text, battle, script or ignored button."""
    del glyphs
    return memory.read_byte(ram.WINDOW_Y.address) == ram.WINDOW_HIDDEN and can_walk(memory)


def can_walk(memory: Memory) -> bool:
    """Tell whether the player, with no window on the screen, is held by nothing else either."""
    return (
        not memory.read_byte(ram.FONT_LOADED.address) & 1
        and not memory.read_byte(ram.IS_IN_BATTLE.address)
        and is_standing(memory)
    )


def is_standing(memory: Memory) -> bool:
    """Tell whether the player stands, and neither a script nor the game moves or holds them."""
    return not (
        memory.read_byte(ram.WALK_COUNTER.address)
        or memory.read_byte(ram.JOY_IGNORE.address)
        or memory.read_byte(ram.SIMULATED_JOYPAD_INDEX.address)
        or memory.read_byte(ram.STATUS_FLAGS_5.address) & ram.SCRIPTED_BITS
    )
