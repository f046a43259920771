"""The only module that touches PyBoy: buttons, frames, memory, the screen and save states."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import ClosedError, RomFormatError, StateFormatError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SDL announces on stderr where its library is from
    import pyboy

PYBOY_VERSION = version("pyboy")
SCREEN_SHAPE = (144, 160)
_CARTRIDGE_RAM_SIZE = 32768
_PALETTE = (0xFFFFFF, 0x999999, 0x555555, 0x000000)
# Until the LCD has drawn a whole frame, PyBoy draws the window a pixel too high; 10 frames suffice.
_WARM_UP_FRAMES = 10


class Window(str, Enum):
    """Where the picture goes."""

    NONE = "null"
    SDL2 = "SDL2"


class Emulator:
    """One Game Boy with one cartridge.

    Sound is not emulated (it costs half the speed and would change trajectories), nothing is read
    or written beside the ROM, and cartridge RAM starts empty.

    Args:
        rom_path: The cartridge file.
        window: Whether to show a window.

    Raises:
        RomFormatError: PyBoy cannot run the cartridge.
    """

    def __init__(self, rom_path: Path, window: Window = Window.NONE) -> None:
        self._pyboy: Any = _construct(rom_path, window)
        self._is_shown = window is not Window.NONE
        self._pyboy.set_emulation_speed(1 if self._is_shown else 0)
        self._memory = self._pyboy.memory
        self.is_running = True  # until the user closes the window
        self._pyboy.tick(_WARM_UP_FRAMES, True)
        # A live view of the LCD: PyBoy draws into this array for the emulator's whole life.
        self.screen: NDArray[np.uint8] = self._pyboy.screen.ndarray

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes of memory from ``address`` on."""
        # by way of bytearray, which takes in a list of numbers twice as fast
        return bytes(bytearray(self._memory[address : address + size]))

    def read_byte(self, address: int) -> int:
        """Return the byte of memory at ``address``."""
        return self._memory[address]

    def write(self, address: int, value: int) -> None:
        """Set one byte of memory."""
        self._memory[address] = value

    def step(self, button: str | None, hold_frames: int, total_frames: int) -> None:
        """Hold a button for the first ``hold_frames`` of ``total_frames``; draw the last frame."""
        if button is not None:
            self._pyboy.button(button, hold_frames)
        self.tick(total_frames)

    def step_until(
        self, button: str | None, hold_frames: int, is_done: Callable[[], bool], max_frames: int
    ) -> int:
        """Hold a button, release it, and let frames pass until ``is_done``; draw the last frame.

        Args:
            button: The button, None for none.
            hold_frames: Frames it is held.
            is_done: Asked in the frame after the release and then in every second one.
            max_frames: The most frames that pass.

        Returns:
            Number of frames that passed.
        """
        if button is not None:
            self._pyboy.button(button, hold_frames)
        frames = hold_frames + 1  # the release takes effect in the frame after the hold
        self.tick(frames, draw=False)
        while frames < max_frames - 2 and not is_done():
            self.tick(2, draw=False)
            frames += 2
        self.tick(1)
        return frames + 1

    def tick(self, frames: int, draw: bool = True) -> None:
        """Let frames pass and draw the last one (with a window: every one)."""
        if self._is_shown:
            for _ in range(frames):
                self.is_running = self._pyboy.tick(1, True) and self.is_running
        else:
            self._pyboy.tick(frames, draw)

    def save_state(self) -> bytes:
        """Return the state of the whole machine in the running PyBoy's format."""
        buffer = io.BytesIO()
        self._pyboy.save_state(buffer)
        return buffer.getvalue()

    def load_state(self, state: bytes) -> None:
        """Bring the machine into a state saved by ``save_state``.

        Raises:
            StateFormatError: PyBoy cannot read it. The emulator is then half loaded: throw it away.
        """
        buffer = io.BytesIO(state)
        try:
            self._pyboy.load_state(buffer)
            problem = f"{len(state) - buffer.tell()} bytes too many" * (buffer.tell() < len(state))
        except Exception as error:
            problem = str(error) or error.__class__.__name__
        if problem:
            raise StateFormatError(
                f"PyBoy {PYBOY_VERSION} cannot read these {len(state)} bytes as a save state of "
                f"this ROM: {problem}."
            )

    def close(self) -> None:
        """Switch the machine off without writing anything; may be called again."""
        self._pyboy.stop(save=False)
        self._pyboy = self._memory = _SwitchedOff()


class _SwitchedOff:
    """Stands where PyBoy was."""

    def stop(self, save: bool) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise ClosedError("The emulator has been closed. Make a new environment.")

    def __getitem__(self, key: Any) -> Any:
        raise ClosedError("The emulator has been closed. Make a new environment.")


def _construct(rom_path: Path, window: Window) -> Any:
    try:
        return pyboy.PyBoy(
            io.BytesIO(rom_path.read_bytes()),  # given a path, PyBoy would look for files beside it
            ram_file=io.BytesIO(bytes(_CARTRIDGE_RAM_SIZE)),
            window=window.value,
            sound_emulated=False,
            cgb=False,
            color_palette=_PALETTE,
            log_level="CRITICAL",
        )
    except Exception as error:
        raise RomFormatError(
            f"PyBoy {PYBOY_VERSION} cannot run {rom_path}: {error or error.__class__.__name__}. "
            "Is the file a complete Game Boy ROM?"
        ) from error
