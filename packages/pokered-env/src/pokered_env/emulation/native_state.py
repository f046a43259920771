"""What a state in the running PyBoy's own format has to be like for PyBoy to read it unharmed.

PyBoy changes the machine while it reads, and believes what it reads: a state of another size leaves
half a machine, a clock in the far future never ends a frame, a line of the screen that does not
exist is drawn outside its buffers. So all that is looked at before. Of formats later than
`FORMAT` only the size is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from pokered_env.emulation.state_layout import CYCLES_PER_FRAME, NUM_LINES, Field
from pokered_env.errors import StateFormatError

FORMAT = 29  # PyBoy 2.8.1
_LATEST_CYCLE = 2**60
_SAMPLES_PER_FRAME = 804
_CLOCKS = ("screen's last cycle", "timer's last cycle")


def check_native_state(state: bytes, own_format: int, size: int, num_rom_banks: int) -> None:
    """Make sure that the running PyBoy can be in a state.

    Args:
        state: What may be one.
        own_format: The format this PyBoy writes.
        size: Bytes of a state of this cartridge.
        num_rom_banks: 16 KiB banks of the ROM.

    Raises:
        StateFormatError: It cannot.
    """
    if len(state) != size or state[0] != own_format:
        raise StateFormatError(
            f"{len(state)} bytes of format {state[0] if state else None} are no save state of this "
            f"ROM and PyBoy: one has {size}, of format {own_format}. The file is cut off, or of "
            "another ROM or PyBoy."
        )
    if own_format != FORMAT:
        return
    values = {}
    for field, start in _checked_fields(num_rom_banks):
        values[field.name] = int.from_bytes(state[start : start + field.size], "little")
        field.check(values[field.name])
    if values["samples a frame"] != _SAMPLES_PER_FRAME:
        raise StateFormatError("This save state has sound of another PyBoy. Save it again.")
    for clock in _CLOCKS:
        if not 0 <= values["cycles"] - values[clock] <= 2 * CYCLES_PER_FRAME:
            raise StateFormatError(
                f"In this save state the {clock} is {values[clock]}, the processor's "
                f"{values['cycles']}: the file is damaged. Save the state again."
            )


def _checked_fields(num_rom_banks: int) -> Iterator[tuple[Field, int]]:
    start = 0
    for field in _layout(num_rom_banks):
        if field.highest is not None:
            yield field, start
        start += field.size


def _layout(num_rom_banks: int) -> Iterator[Field]:
    """Yield all fields up to the cartridge's RAM; those with no highest value take any."""
    yield Field("format", 1)
    yield Field("boot ROM enabled", 1, 1)
    yield Field("speed keys", 2)
    yield Field("double speed", 1, 0)
    yield Field("colour machine", 1, 0)
    yield Field("registers", 12)
    for flag in ("interrupts enabled", "interrupts delayed", "halted", "stopped"):
        yield Field(flag, 1, 1)
    yield Field("interrupt registers", 3)
    yield Field("cycles", 8, _LATEST_CYCLE)
    yield Field("sprites being copied", 1, 1)
    yield Field("sprites being read", 1, 1)
    yield Field("sprites' source", 1)
    yield Field("sprites' index", 1, 160)
    yield Field("sprites' start", 8, _LATEST_CYCLE)
    yield from _screen()
    yield Field("audio position", 8, 2 * _SAMPLES_PER_FRAME + 1)
    yield Field("samples a frame", 8, _SAMPLES_PER_FRAME)
    yield Field("cycles a sample, audio", 8 + 2 * (_SAMPLES_PER_FRAME + 1))
    yield Field("sound's speed shift", 1, 0)
    yield Field("sound's clocks, switches, channels", 5 * 8 + 357)
    yield Field("picture", 160 * 144 * 5)
    yield Field("window's line met", 1, 1)
    yield Field("work RAM, I/O, high RAM, bank", 8192 + 0x60 + 0x4C + 0x7F + 1)
    yield Field("timer", 8)
    yield Field("timer's reload", 1, 2)
    yield Field("timer's last cycle", 8, _LATEST_CYCLE)
    yield Field("timer's next interrupt", 8)
    yield Field("ROM bank", 1, num_rom_banks - 1)
    yield Field("RAM bank", 1, 15)
    yield Field("RAM enabled", 1, 1)
    yield Field("memory model", 1, 1)


def _screen() -> Iterator[Field]:
    yield Field("video RAM, sprites, LCDC, palettes, STAT", 8192 + 160 + 4 + 1)
    yield Field("LY", 1, NUM_LINES - 1)
    yield Field("LYC, scroll, window, priority, scanlines", 6 + 720)
    yield Field("colour screen", 1, 0)
    yield Field("downgraded screen", 1, 0)
    yield Field("speed shift", 1, 0)
    for flag in ("frame done", "first frame", "reset"):
        yield Field(flag, 1, 1)
    yield Field("screen's last cycle", 8, _LATEST_CYCLE)
    yield Field("screen's clock", 8, 2 * CYCLES_PER_FRAME)
    yield Field("screen's next event", 8, 2 * CYCLES_PER_FRAME)
    yield Field("next mode", 1, 3)
    yield Field("STAT transition", 1, 3)
