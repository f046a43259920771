from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env import PokeRedEnv
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.migration import migrate_state
from pokered_env.emulation.state_layout import CYCLES_PER_FRAME, NUM_LINES, layout
from pokered_env.errors import StateFormatError

# Pokémon Red's, with 32 KiB of cartridge RAM
SIZES = {7: 142_586, 8: 142_610, 9: 142_610, 10: 165_650, 11: 165_650, 12: 165_674}
SIZES |= {14: 167_640, 15: 167_676}
NATIVE_SIZE = 178_100
OLD_STATES = sorted((Path(__file__).parent / "old_states").glob("*.xz"))


def offset(version: int, name: str) -> int:
    """Return where a field lies in a state of this format."""
    position = 0
    for field in layout(version, 64, has_master_volume=False):
        if field.name == name:
            return position
        position += 0 if field.is_missing else field.size
    raise KeyError(name)


@pytest.mark.parametrize(
    ("version", "expected"), [(8, 8405), (9, 8405), (10, 8405), (11, 9125), (12, 9141)]
)
def test_the_missing_byte_is_put_behind_the_lcds_clocks(version: int, expected: int) -> None:
    assert offset(version, "STAT transition") == expected
    old = bytes([version]) + bytes(SIZES[version] - 10) + bytes(range(1, 10))
    new = migrate_state(old, NATIVE_SIZE)
    assert new[:expected] == old[:expected]
    assert new[expected] == 0
    assert new[expected + 1 :] == old[expected:]


def test_format_7_begins_a_frame_for_it_holds_no_clock(write_tiny_rom: Callable[..., Path]) -> None:
    state = bytearray(bytes([7]) + bytes(SIZES[7] - 1))
    state[8370], state[8374], state[8375] = 0xE3, 0x81, 145  # LCDC, STAT, LY
    new = migrate_state(bytes(state), NATIVE_SIZE)
    assert (new[8374], new[8375]) == (0x82, 0)
    assert new[:8374] + new[8376:] == bytes(state[:8374] + state[8376:])
    emulator = Emulator(write_tiny_rom(cartridge_type=0x13))
    emulator.load_migrated_state(new)
    assert emulator.read_byte(0xFF44) == 0
    emulator.close()


@pytest.mark.parametrize("path", OLD_STATES, ids=lambda path: path.name.split(".state")[0])
def test_states_of_older_pyboys_load_and_play_on(path: Path, tmp_path: Path) -> None:
    state = lzma.decompress(path.read_bytes())
    plain = tmp_path / "old.state"
    plain.write_bytes(state)
    env = PokeRedEnv(start_state=plain)
    env.reset(seed=0)
    # 900 frames after power-on, the title waits; its work RAM is the old state's own
    memory = env.emulator.read(0xC000, 0x2000)
    assert bytes(memory) in state
    for action in (6, 4, 4, 0, 1, 2, 3) * 10:
        env.step(action)
    env.close()


@pytest.mark.parametrize("version", [0, 3, 6, 13, 16, 17])
def test_formats_pyboy_cannot_read_are_refused(version: int) -> None:
    with pytest.raises(StateFormatError, match=f"format {version}"):
        migrate_state(bytes([version]) + bytes(20_000), native_size=1)


@pytest.mark.parametrize("version", SIZES)
def test_pyboy_reads_a_migrated_state_to_its_last_byte(
    write_tiny_rom: Callable[..., Path], version: int
) -> None:
    emulator = Emulator(write_tiny_rom(cartridge_type=0x13))
    native_size = len(emulator.save_state())
    state = bytearray(bytes([version]) + bytes(SIZES[version] - 1))
    if version >= 14:  # PyBoy compares it with its own sample rate
        start = offset(version, "samples a frame")
        state[start : start + 8] = (800).to_bytes(8, "little")
    state[-1 if version < 15 else -37] = 0x0A  # the last of the buttons
    emulator.load_migrated_state(migrate_state(bytes(state), native_size))
    emulator.close()


@pytest.mark.parametrize("version", SIZES)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("LY", NUM_LINES),
        ("ROM bank", 64),
        ("screen's clock", 2 * CYCLES_PER_FRAME + 1),
        ("next mode", 4),
        ("colour machine", 1),
        ("audio position", 1602),
        ("wave: position", 32),
        ("noise: clock divider", 8),
    ],
)
def test_a_value_the_emulator_cannot_be_in_is_refused_by_name(
    version: int, field: str, value: int
) -> None:
    sizes = {part.name: part.size for part in layout(version, 64, has_master_volume=False)}
    if field not in sizes or (version == 7 and field == "LY"):
        return  # that format does not hold it
    state = bytearray(bytes([version]) + bytes(SIZES[version] - 1))
    migrate_state(bytes(state), NATIVE_SIZE, 64)
    start = offset(version, field)
    state[start : start + sizes[field]] = value.to_bytes(sizes[field], "little")
    with pytest.raises(StateFormatError, match=f"{field} is {value}"):
        migrate_state(bytes(state), NATIVE_SIZE, 64)


@given(st.binary(max_size=400))
def test_short_bytes_are_never_taken_for_a_state(data: bytes) -> None:
    with pytest.raises(StateFormatError):
        migrate_state(data, native_size=150_000)


@pytest.mark.parametrize("version", [v for v in SIZES if v != 15])
def test_a_state_cut_off_or_too_long_is_refused(version: int) -> None:
    for size in (SIZES[version] - 1, SIZES[version] + 1, 1000):
        with pytest.raises(StateFormatError, match="no whole save state"):
            migrate_state(bytes([version]) + bytes(size - 1), NATIVE_SIZE)
