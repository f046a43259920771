"""Save states of older PyBoys, made readable for the running one.

PyBoy 2.8 reads bytes that states of PyBoy 2.0 to 2.7 do not hold; they are inserted. Values the
emulator cannot be in are refused, for it would follow them out of its own memory.
"""

from __future__ import annotations

from pokered_env.emulation.state_layout import Field, layout
from pokered_env.errors import StateFormatError

_OLD = (7, 8, 9, 10, 11, 12, 14, 15)
_FIRST_NATIVE = 18  # 16 to 28 were never released; PyBoy 2.8 reads them from 18 on
ROM_BANK = 0x4000
_RAM_BANK = 0x2000
_BANK_REGISTERS = 2  # an MBC1 keeps two more
_BUTTONS = 2
_SERIAL = 4 + 4 * 8
_MOST_ROM_BANKS = 256


def migrate_state(state: bytes, native_size: int, num_rom_banks: int = _MOST_ROM_BANKS) -> bytes:
    """Return ``state`` in a form the running PyBoy loads.

    Args:
        state: A state as PyBoy's ``save_state`` wrote it.
        native_size: Size in bytes of a state of this ROM in the running PyBoy.
        num_rom_banks: 16 KiB banks of the ROM.

    Raises:
        StateFormatError: The bytes are no state of this ROM, of a format that cannot be read, or
            hold a value the emulator cannot be in.
    """
    version = state[0] if state else 0
    if version not in _OLD and version < _FIRST_NATIVE:
        raise StateFormatError(
            f"These {len(state)} bytes begin with format {version}, which is no save state PyBoy "
            "can read (formats 7 to 12, 14, 15 and from 18 on are). Save the state again."
        )
    if version >= _FIRST_NATIVE:
        if len(state) != native_size:
            raise _wrong_size(state, native_size)
        return state
    fields = _fields_of_size(state, num_rom_banks)
    if fields is None:
        raise _wrong_size(state, native_size)
    return _rewrite(state, fields)


def _fields_of_size(state: bytes, num_rom_banks: int) -> list[Field] | None:
    """Return the fields of a state, or None if it is not as long as they and whole RAM banks."""
    version = state[0]
    for has_master_volume in (False, True) if version == 15 else (False,):
        fields = list(layout(version, num_rom_banks, has_master_volume=has_master_volume))
        fixed = sum(field.size for field in fields if not field.is_missing)
        ram_size = len(state) - fixed - _BUTTONS - (_SERIAL if version >= 15 else 0)
        if ram_size > _BANK_REGISTERS and ram_size % _RAM_BANK in (0, _BANK_REGISTERS):
            return fields
    return None


def _rewrite(state: bytes, fields: list[Field]) -> bytes:
    """Copy a state field by field: check each value, and insert what is missing."""
    parts, position = [], 0
    for field in fields:
        if field.is_missing:
            parts.append(bytes(field.size))
            continue
        value = state[position : position + field.size]
        position += field.size
        if state[0] == 7:
            value = _without_clock(field, value)
        field.check(int.from_bytes(value, "little"))
        parts.append(value)
    return b"".join(parts) + state[position:]


def _without_clock(field: Field, value: bytes) -> bytes:
    """Begin a frame: format 7 holds no clock of the screen, so its line and mode say nothing."""
    if field.name == "LY":
        return b"\x00"
    if field.name == "STAT":
        return bytes([value[0] & ~3 | 2])
    return value


def _wrong_size(state: bytes, native_size: int) -> StateFormatError:
    return StateFormatError(
        f"{len(state)} bytes are no whole save state of format {state[0]} of this ROM; one of the "
        f"running PyBoy has {native_size}. The file is cut off, or of another ROM or PyBoy."
    )
