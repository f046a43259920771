"""How long an action takes, and when the game is ready for the next one."""

from __future__ import annotations

from dataclasses import dataclass

from pokered_env.arguments import whole_number
from pokered_env.emulation.actions import Button
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.listening import Ears
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.game.maps import MapTable
from pokered_env.game.ram import Memory, Symbol
from pokered_env.game.scripts import can_walk

UNTIL_READY = "until_ready"
FRAMES_PER_S = 60.0
READY_FRAMES = 18.0
"""Mean frames of an action with ``action_frames="until_ready"``, measured on the open cartridge."""
MAX_READY_FRAMES = 240
"""The most frames one action takes with ``action_frames="until_ready"``."""
_MAX_FRAMES = 100_000


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

    @property
    def actions_per_s(self) -> float:
        """Actions in a second of the game: the speed at which films of them look right."""
        return FRAMES_PER_S / (READY_FRAMES if self.until_ready else self.action_frames)


def make_timing(action_frames: int | str, hold_frames: int) -> Timing:
    """Check the two arguments of the environment and join them.

    Raises:
        ConfigError: One of them is outside its range.
    """
    until_ready = action_frames == UNTIL_READY
    frames = MAX_READY_FRAMES if until_ready else whole_number(action_frames)
    held = whole_number(hold_frames)
    if frames is None or held is None or not 0 < held < frames <= _MAX_FRAMES:
        raise ConfigError(
            f"action_frames={action_frames!r}, hold_frames={hold_frames!r}: a button is held for "
            "at least 1 frame and released within the action, so 0 < hold_frames < action_frames "
            f"(or action_frames={UNTIL_READY!r}). The defaults are 24 and 8."
        )
    return Timing(frames, held, until_ready)


def perform(emulator: Emulator, button: Button, timing: Timing, maps: MapTable, ears: Ears) -> int:
    """Press a button as ``timing`` says in the game with these maps; return the frames it took."""
    if not timing.until_ready:
        emulator.step(button.key, timing.hold_frames, timing.action_frames)
        return timing.action_frames
    is_ready = Readiness(emulator, maps, ears)
    try:
        return emulator.step_until(button.key, timing.hold_frames, is_ready, timing.action_frames)
    finally:
        ears.rest()


class Readiness:
    """Whether the game accepts input: asked in every second frame of one action.

    Walking, the game says so itself; between two maps its number and its size are of different
    ones. In menus, texts and battles it does not: there the game has to ask for buttons while the
    screen stands still for longer than the slowest text takes for a letter, since it asks between
    letters too. A fade holds each of its palettes for 8 frames.

    Args:
        memory: The game, before the button is pressed.
        maps: Its maps.
        ears: Tell whether it asks for buttons.
    """

    _TIMES_STILL = 4
    _TIMES_LIT = 5
    _TIMES_FREE = 2  # on a new tile: a door, an enemy or a person there has its say first
    _NO_MAP = (0, 0)

    def __init__(self, memory: Memory, maps: MapTable, ears: Ears) -> None:
        self._memory = memory
        self._maps = maps
        self._ears = ears
        self._palette = memory.read_byte(ram.BG_PALETTE.address)
        self._position = self._read_position()
        self._tiles = b""
        self._lit, self._still, self._free = self._TIMES_LIT, 0, 0

    def __call__(self) -> bool:
        """Tell whether it does, in the frame of this call."""
        is_lit = self._is_lit()
        height, width = self._read(ram.CUR_MAP_SIZE)
        blocks = height, width
        has_window = self._memory.read_byte(ram.WINDOW_Y.address) != ram.WINDOW_HIDDEN
        if has_window or blocks == self._NO_MAP:  # before the game has begun
            return self._waits() and is_lit
        map_id = self._memory.read_byte(ram.CUR_MAP.address)
        is_free = is_lit and can_walk(self._memory) and self._maps.is_loaded(map_id, blocks)
        self._free = self._free + 1 if is_free else 0
        has_moved = self._read_position() != self._position
        return self._free >= (self._TIMES_FREE if has_moved else 1)

    def _is_lit(self) -> bool:
        palette = self._memory.read_byte(ram.BG_PALETTE.address)
        self._lit = self._lit + 1 if palette == self._palette else 0
        self._palette = palette
        lightest, darkest = palette & 3, palette >> 6
        return self._lit >= self._TIMES_LIT and lightest != darkest

    def _waits(self) -> bool:
        tiles = self._read(ram.TILE_MAP)
        self._still = self._still + 1 if tiles == self._tiles else 0
        self._tiles = tiles
        if self._still >= self._TIMES_STILL - 1:
            self._ears.prick()
        else:
            self._ears.rest()
        return self._still >= self._TIMES_STILL and self._ears.has_heard()

    def _read_position(self) -> tuple[int, int]:
        byte = self._memory.read_byte
        return byte(ram.X_COORD.address), byte(ram.Y_COORD.address)

    def _read(self, symbol: Symbol) -> bytes:
        return self._memory.read(symbol.address, symbol.size)
