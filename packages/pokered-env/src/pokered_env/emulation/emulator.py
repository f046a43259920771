"""The only module that touches PyBoy: buttons, frames, memory, the screen and save states."""

from __future__ import annotations

import io
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.emulation.memory_views import BLOCK, arrays_of_ram, views_of_ram
from pokered_env.emulation.native_state import check_native_state
from pokered_env.emulation.window import Window, check_display
from pokered_env.errors import ClosedError, ConfigError, RomFormatError, StateFormatError
from pokered_env.folders import FileKindError, read_file
from pokered_env.game.rom import MAX_ROM_SIZE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SDL announces on stderr where its library is from
    import pyboy

PYBOY_VERSION = version("pyboy")
STATE_FORMAT: int = pyboy.utils.STATE_VERSION
SCREEN_SHAPE = (144, 160)
_CARTRIDGE_RAM_SIZE = 32768
_ROM_BANK = 0x4000
_HARDWARE = slice(0x147, 0x14A)  # of the cartridge's header: kind, sizes of ROM and RAM
_STATE_SIZES: dict[bytes, int] = {}
_PALETTE = (0xFFFFFF, 0x999999, 0x555555, 0x000000)
# Until the LCD has drawn a whole frame, PyBoy draws the window a pixel too high; 10 frames suffice.
_WARM_UP_FRAMES = 10


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
        rom = _read_rom(rom_path)
        if window is not Window.NONE:
            check_display()
        with _without_image(), arrays_of_ram() as arrays:
            self._pyboy: Any = _construct(rom, rom_path, window)
        self._num_rom_banks = len(rom) // _ROM_BANK
        self._hardware = rom[_HARDWARE]
        self._is_shown = window is not Window.NONE
        self._pyboy.set_emulation_speed(1 if self._is_shown else 0)
        self._memory = self._pyboy.memory
        self.read_byte: Callable[[int], int] = self._memory.__getitem__
        self.is_running = True
        self._pyboy.tick(_WARM_UP_FRAMES, True)
        self._views = views_of_ram(self._memory, arrays)
        self.screen: NDArray[np.uint8] = self._pyboy.screen.ndarray

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes of memory from ``address`` on."""
        return self.reader(address, size)()

    def reader(self, address: int, size: int) -> Callable[[], bytes]:
        """Return what reads ``size`` bytes of memory from ``address`` on, until ``close``."""
        start = address % BLOCK
        view = self._views.get(address - start)
        if view is not None and start + size <= BLOCK:
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

    def check_state(self, state: bytes) -> None:
        """Find out whether ``load_state`` would take a state in the running PyBoy's format.

        Raises:
            StateFormatError: It would not.
        """
        if self._hardware not in _STATE_SIZES:  # saving costs more than everything else here
            _STATE_SIZES[self._hardware] = len(self.save_state())
        size = _STATE_SIZES[self._hardware]
        check_native_state(state, STATE_FORMAT, size, self._num_rom_banks)

    def load_state(self, state: bytes) -> None:
        """Bring the machine into a state saved by ``save_state``.

        Raises:
            StateFormatError: It is none; the machine is as it was.
        """
        self.check_state(state)
        self._read_state(state)

    def load_migrated_state(self, state: bytes) -> None:
        """Bring the machine into a state that ``migrate_state`` returned.

        Raises:
            StateFormatError: PyBoy cannot read it. The emulator is then half loaded: throw it away.
        """
        if state[0] == STATE_FORMAT:
            self.check_state(state)
        self._read_state(state)

    def _read_state(self, state: bytes) -> None:
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


_PATCHING = Lock()


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


def _read_rom(path: Path) -> bytes:
    try:
        return read_file(path, MAX_ROM_SIZE)
    except (OSError, FileKindError) as error:
        raise RomFormatError(f"Cannot read the ROM {path}: {error}.") from error


def _construct(rom: bytes, rom_path: Path, window: Window) -> Any:
    try:
        return pyboy.PyBoy(
            io.BytesIO(rom),  # given a path, PyBoy would look for files beside it
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
            _construct(rom, rom_path, Window.NONE).stop(
                save=False
            )  # raises if the file is at fault
            raise ConfigError(
                f"PyBoy cannot open a window: {reason}. Without one, use render_mode="
                '"rgb_array" or "ansi", or `pokered play --headless 500`.'
            ) from error
        raise RomFormatError(
            f"PyBoy {PYBOY_VERSION} cannot run {rom_path}: {reason}. "
            "Is the file a complete Game Boy ROM?"
        ) from error
