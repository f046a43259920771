"""What lies where in the save states of PyBoy 1.6 to 2.7, formats 7 to 15, of a plain Game Boy.

Field by field as PyBoy's own ``save_state`` methods write them. PyBoy believes what it reads: a
line of the screen that does not exist is drawn outside its buffers. So a field that indexes
something carries the highest value the emulator can be in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pokered_env.errors import StateFormatError

NUM_LINES = 154
"""Lines of a frame, those of the vertical blank included."""
CYCLES_PER_FRAME = 70_224
_SCREEN_PIXELS = 160 * 144
_AUDIO_SAMPLES = 1602  # of one frame at 48 kHz, in two channels


@dataclass(frozen=True)
class Field:
    """One field of a state.

    Attributes:
        name: For people.
        size: Bytes; numbers are little-endian.
        highest: Largest value the emulator can be in; None where every value will do.
        is_missing: Whether the old state lacks it though PyBoy 2.8 reads it.
    """

    name: str
    size: int
    highest: int | None = None
    is_missing: bool = False

    def check(self, number: int) -> None:
        """Make sure that the emulator can be in a state with this value.

        Raises:
            StateFormatError: It cannot.
        """
        if self.highest is not None and number > self.highest:
            raise StateFormatError(
                f"In this save state {self.name} is {number}, at most {self.highest} is possible: "
                "the file is damaged, or of another ROM. Save the state again."
            )


def layout(version: int, num_rom_banks: int, *, has_master_volume: bool = True) -> Iterator[Field]:
    """Yield the fields of a state up to the cartridge's RAM.

    Args:
        version: Format, 7 to 12, 14 or 15.
        num_rom_banks: 16 KiB banks of the ROM.
        has_master_volume: Whether it is of PyBoy 2.7, which also wrote format 15 and NR50 in it.
    """
    yield from _processor(version)
    yield from _screen(version)
    if version >= 14:
        yield from _sound(has_master_volume)
    if version < 11:
        yield Field("scanlines", 720)
    yield Field("picture", _SCREEN_PIXELS * (5 if version >= 10 else 4))
    yield Field("work RAM, I/O, high RAM", 8192 + 0x60 + 0x4C + 0x7F + 0x34)
    yield Field("timer", 8)
    if version >= 12:
        yield Field("timer's cycles", 16 if version >= 13 else 8)
    yield Field("ROM bank", 1, num_rom_banks - 1)
    yield Field("RAM bank", 1, 15)
    yield Field("RAM enabled", 1, 1)
    yield Field("memory model", 1, 1)


def _processor(version: int) -> Iterator[Field]:
    yield Field("format", 1)
    yield Field("boot ROM enabled", 1, 1)
    if version >= 8:
        yield Field("speed key", 1)
        yield Field("double speed", 1, 0)
        yield Field("colour machine", 1, 0)
    yield Field("registers", 12)
    for flag in ("interrupts enabled", "halted", "stopped"):
        yield Field(flag, 1, 1)
    yield Field("interrupt registers", 3 if version >= 8 else 1)
    if version >= 12:
        yield Field("cycles", 8)


def _screen(version: int) -> Iterator[Field]:
    yield Field("video RAM and sprites", 8192 + 160)
    yield Field("LCDC, palettes", 4)
    yield Field("STAT", 1)
    yield Field("LY", 1, NUM_LINES - 1)
    yield Field("LYC, scroll, window", 5)
    if version >= 11:
        yield Field("scanlines", 720)
    if version < 8:
        return
    yield Field("colour screen", 1, 0)
    yield Field("speed shift", 1, 0)
    if version >= 13:
        for flag in ("frame done", "first frame", "reset"):
            yield Field(flag, 1, 1)
    if version >= 12:
        yield Field("screen's cycles", 8)
    yield Field("screen's clock", 8, 2 * CYCLES_PER_FRAME)
    yield Field("screen's next event", 8, 2 * CYCLES_PER_FRAME)
    yield Field("next mode", 1, 3)
    yield Field("STAT transition", 1, is_missing=True)


def _sound(has_master_volume: bool) -> Iterator[Field]:
    yield Field("audio position", 8, _AUDIO_SAMPLES - 1)
    yield Field("samples a frame", 8, _AUDIO_SAMPLES // 2 - 1)
    yield Field("cycles a sample", 8)
    yield Field("audio", _AUDIO_SAMPLES)
    yield Field("sound's speed shift", 1, 0)
    yield Field("sound's clocks", 7 * 8)
    yield Field("sound switches", 10)
    yield Field("NR50", 1, is_missing=not has_master_volume)
    for channel in ("sweep", "tone"):
        yield Field(f"{channel}: duty", 1, 3)
        yield Field(f"{channel}: registers", 8)
        yield Field(f"{channel}: timers", 4 * 8)
        yield Field(f"{channel}: wave position", 8, 7)
        yield Field(f"{channel}: volume", 8, 15)
        if channel == "sweep":
            yield Field("sweep: registers and timer", 3 + 8)
            yield Field("sweep: check timer, negate used", 9, is_missing=True)
            yield Field("sweep: enabled, shadow", 9)
    yield Field("wave: table and registers", 16 + 7)
    yield Field("wave: timers", 3 * 8)
    yield Field("wave: position", 8, 31)
    yield Field("wave: sample suppressed", 1, is_missing=True)
    yield Field("wave: volume", 8, 4)
    yield Field("wave: access", 1, is_missing=True)
    yield Field("noise: registers", 6)
    yield Field("noise: clock divider", 1, 7)
    yield Field("noise: enabled", 2)
    yield Field("noise: timers and register", 5 * 8)
    yield Field("noise: feedback and volume", 16)
