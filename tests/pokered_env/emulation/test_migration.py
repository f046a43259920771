from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.migration import migrate_state, stat_transition_offset
from pokered_env.errors import StateFormatError

# Pokémon Red's, with 32 KiB of cartridge RAM
SIZES = {7: 142_586, 8: 142_610, 9: 142_610, 10: 165_650, 11: 165_650, 12: 165_674}


@pytest.mark.parametrize(
    ("version", "offset"), [(8, 8405), (9, 8405), (10, 8405), (11, 9125), (12, 9141)]
)
def test_the_missing_byte_is_put_behind_the_lcds_clocks(version: int, offset: int) -> None:
    assert stat_transition_offset(version) == offset
    old = (bytes([version]) + bytes(range(1, 256)) * 700)[: SIZES[version]]
    new = migrate_state(old, native_size=1)
    assert new[:offset] == old[:offset]
    assert new[offset] == 0
    assert new[offset + 1 :] == old[offset:]


def test_format_7_loads_as_it_is() -> None:
    state = bytes([7]) + bytes(SIZES[7] - 1)
    assert migrate_state(state, native_size=1) == state


@pytest.mark.parametrize("version", [0, 3, 6, 13, 14, 17])
def test_formats_pyboy_cannot_read_are_refused(version: int) -> None:
    with pytest.raises(StateFormatError, match=f"format {version}"):
        migrate_state(bytes([version]) + bytes(20_000), native_size=1)


@pytest.mark.parametrize("version", SIZES)
def test_pyboy_reads_a_migrated_state_to_its_last_byte(
    write_tiny_rom: Callable[..., Path], version: int
) -> None:
    emulator = Emulator(write_tiny_rom(cartridge_type=0x13))
    native_size = len(emulator.save_state())
    emulator.load_state(migrate_state(bytes([version]) + bytes(SIZES[version] - 1), native_size))
    emulator.close()


@given(st.binary(max_size=400))
def test_short_bytes_are_never_taken_for_a_state(data: bytes) -> None:
    with pytest.raises(StateFormatError):
        migrate_state(data, native_size=150_000)


@pytest.mark.parametrize("version", SIZES)
def test_a_state_cut_off_or_too_long_is_refused(version: int) -> None:
    for size in (SIZES[version] - 1, SIZES[version] + 1, 1000):
        with pytest.raises(StateFormatError, match="no whole save state"):
            migrate_state(bytes([version]) + bytes(size - 1), native_size=178_100)
