"""Save states of older PyBoys, made readable for the running one.

PyBoy 2.8 reads one byte too many from states of format 8 to 12 (PyBoy 2.0 to 2.7): its LCD has
stored ``stat_transition`` only since. Inserting that byte makes them load again. Section sizes are
those of PyBoy's own ``save_state`` methods.
"""

from __future__ import annotations

from pokered_env.errors import StateFormatError

_FIRST_BROKEN, _LAST_BROKEN = 8, 12
_OLDEST = 7
_UNREADABLE = range(13, 18)
# Size of a state without cartridge RAM, which is a number of 8 KiB banks.
_OLD_SIZES = {7: 109_818, 8: 109_842, 9: 109_842, 10: 132_882, 11: 132_882, 12: 132_906}
_RAM_BANK = 8192


def migrate_state(state: bytes, native_size: int) -> bytes:
    """Return ``state`` in a form the running PyBoy loads.

    Args:
        state: A state as PyBoy's ``save_state`` wrote it.
        native_size: Size in bytes of a state of this ROM in the running PyBoy.

    Raises:
        StateFormatError: The bytes are no state of this ROM, or of a format that cannot be read.
    """
    version = state[0] if state else 0
    if version < _OLDEST or version in _UNREADABLE:
        raise StateFormatError(
            f"These {len(state)} bytes begin with format {version}, which is no save state PyBoy "
            "can read (formats 7 to 12 and from 18 on are). Save the state again."
        )
    if version in _OLD_SIZES:
        ram_size = len(state) - _OLD_SIZES[version]
        has_right_size = ram_size > 0 and ram_size % _RAM_BANK == 0
    else:
        has_right_size = len(state) == native_size
    if not has_right_size:
        raise StateFormatError(
            f"{len(state)} bytes are no whole save state of format {version} of this ROM; one of "
            f"the running PyBoy has {native_size}. The file is cut off, or of another ROM or PyBoy."
        )
    if not _FIRST_BROKEN <= version <= _LAST_BROKEN:
        return state
    offset = stat_transition_offset(version)
    return state[:offset] + b"\x00" + state[offset:]


def stat_transition_offset(version: int) -> int:
    """Return where the missing byte belongs in a state of format 8 to 12."""
    header = 2 + 3  # version, boot ROM; since 8: machine type and speed
    cpu = 18 + (8 if version >= 12 else 0)
    video_memory = 8192 + 160  # tiles and maps, sprites
    registers = 1 + 3 + 3 + 4  # LCDC; palettes; STAT, LY, LYC; scroll and window
    scanlines = 720 if version >= 11 else 0
    modes = 1 + 1 + (8 if version >= 12 else 0)  # colour, speed shift; since 12: a counter
    clocks = 8 + 8 + 1  # clock, target, next mode
    return header + cpu + video_memory + registers + scanlines + modes + clocks
