"""The only module that touches PyBoy: buttons, frames, memory, the screen and save states."""

from __future__ import annotations

import ctypes
import gc
import io
import sys
import warnings
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import ClosedError, ConfigError, RomFormatError, StateFormatError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SDL announces on stderr where its library is from
    import pyboy

PYBOY_VERSION = version("pyboy")
SCREEN_SHAPE = (144, 160)
_CARTRIDGE_RAM_SIZE = 32768
_VIDEO_RAM, _WORK_RAM, _BLOCK = 0x8000, 0xC000, 0x2000  # both take 8 KiB
_ROM_BANK = 0x4000
_MARKER = bytes(range(0x80, 0xC0))
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

    Attributes:
        screen: The LCD, ``(144, 160, 4)``; PyBoy draws into it all the time.
        read_byte: Returns the byte of memory at an address.
        is_running: Whether the user has not closed the window.

    Raises:
        RomFormatError: PyBoy cannot run the cartridge.
        ConfigError: No window can be opened.
    """

    def __init__(self, rom_path: Path, window: Window = Window.NONE) -> None:
        with _without_image(), _arrays_of_ram() as arrays:
            self._pyboy: Any = _construct(rom_path, window)
        self._is_shown = window is not Window.NONE
        self._pyboy.set_emulation_speed(1 if self._is_shown else 0)
        self._memory = self._pyboy.memory
        self.read_byte: Callable[[int], int] = self._memory.__getitem__
        self.is_running = True
        self._pyboy.tick(_WARM_UP_FRAMES, True)
        self._views = _views(self._memory, arrays)
        self.screen: NDArray[np.uint8] = self._pyboy.screen.ndarray

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes of memory from ``address`` on."""
        return self.reader(address, size)()

    def reader(self, address: int, size: int) -> Callable[[], bytes]:
        """Return what reads ``size`` bytes of memory from ``address`` on, until ``close``."""
        start = address % _BLOCK
        view = self._views.get(address - start)
        if view is not None and start + size <= _BLOCK:
            return view[start : start + size].tobytes
        # by way of bytearray, which takes in a list of numbers twice as fast
        return lambda: bytes(bytearray(self._memory[address : address + size]))

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

    def watch(self, address: int) -> deque[bool]:
        """Note until ``unwatch`` whether the game comes to an instruction.

        Args:
            address: Its address in the first 32 KiB of the cartridge.

        Returns:
            Empty; holds True as soon as the game has come there.
        """
        self.unwatch(address)  # a Ctrl-C may have come between watching it and noting that
        visits: deque[bool] = deque(maxlen=1)
        # no function in Python: PyBoy calls it where a Ctrl-C would be thrown away
        self._pyboy.hook_register(address // _ROM_BANK, address, visits.append, True)
        return visits

    def unwatch(self, address: int) -> None:
        """Note it no more, if it was noted."""
        with suppress(ValueError):
            self._pyboy.hook_deregister(address // _ROM_BANK, address)

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
        self._views, self.read_byte = {}, self._memory.__getitem__


class _SwitchedOff:
    """Stands where PyBoy was."""

    def stop(self, save: bool) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise ClosedError("The emulator has been closed. Make a new environment.")

    def __getitem__(self, key: Any) -> Any:
        raise ClosedError("The emulator has been closed. Make a new environment.")


_RECORDING, _PATCHING = Lock(), Lock()


@contextmanager
def _without_image() -> Iterator[None]:
    """Have PyBoy make no picture object of its screen: nobody here looks at it.

    After every tick PyBoy asks that object a question in Python, in a place where Python must not
    raise. A Ctrl-C that arrives meanwhile would be thrown away, as most did.
    """
    module: Any = sys.modules.get("pyboy.api.screen")
    if not hasattr(module, "Image"):
        yield
        return
    with _PATCHING:
        original, module.Image = module.Image, None
        try:
            yield
        finally:
            module.Image = original


@contextmanager
def _arrays_of_ram() -> Iterator[list[array[int]]]:
    """Collect the arrays PyBoy allocates for its RAM meanwhile."""
    arrays: list[array[int]] = []

    def allocate(*args: Any) -> array[int]:
        arrays.append(array(*args))
        return arrays[-1]

    module: Any = sys.modules.get("pyboy.core.ram")
    if not hasattr(module, "array"):
        yield arrays
        return
    with _RECORDING:
        original, module.array = module.array, allocate
        try:
            yield arrays
        finally:
            module.array = original


def _views(memory: Any, arrays: list[array[int]]) -> dict[int, memoryview]:
    """Return live views of work RAM and video memory by address, as far as they can be found.

    PyBoy hands memory out in lists of numbers only, which costs more than all that is made of them.
    Where it comes to keep its memory otherwise, it is asked for those lists.
    """
    views = {}
    finders = {_WORK_RAM: lambda: _marked_array(arrays), _VIDEO_RAM: lambda: _marked_part(memory)}
    for start, find in finders.items():
        place = slice(start, start + len(_MARKER))
        before, memory[place] = memory[place], list(_MARKER)
        view = find()
        memory[place] = before
        if view is not None and view.tolist() == memory[start : start + _BLOCK]:
            views[start] = view
    return views


def _marked_array(arrays: list[array[int]]) -> memoryview | None:
    return next((memoryview(a) for a in arrays if a.tobytes().startswith(_MARKER)), None)


def _marked_part(memory: Any) -> memoryview | None:
    """Find video memory, which is no object but a stretch of PyBoy's LCD."""
    for part in gc.get_referents(*gc.get_referents(memory)):
        size = type(part).__basicsize__
        if type(part).__name__ == "LCD" and size > _BLOCK:
            offset = ctypes.string_at(id(part), size).find(_MARKER)
            if 0 <= offset <= size - _BLOCK:
                block = (ctypes.c_uint8 * _BLOCK).from_address(id(part) + offset)
                block.owner = part  # type: ignore[attr-defined] # lives as long as the view
                return memoryview(block).cast("B")
    return None


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
        reason = str(error) or error.__class__.__name__
        if window is not Window.NONE:
            _construct(rom_path, Window.NONE).stop(save=False)  # raises if the file is at fault
            raise ConfigError(
                f"PyBoy cannot open a window: {reason}. A window needs a display; without one, use "
                'render_mode="rgb_array" or "ansi", or `pokered play --headless 500`.'
            ) from error
        raise RomFormatError(
            f"PyBoy {PYBOY_VERSION} cannot run {rom_path}: {reason}. "
            "Is the file a complete Game Boy ROM?"
        ) from error
