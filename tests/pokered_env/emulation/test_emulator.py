from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.window import Window
from pokered_env.errors import ClosedError, ConfigError, RomFormatError, StateFormatError

WriteRom = Callable[..., Path]
BATTERY = 0x13


def test_frames_pass_one_by_one(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    emulator.tick(200)  # the boot ROM's animation
    before = emulator.read(0xC000, 1)[0]
    emulator.tick(24)
    assert emulator.read(0xC000, 1)[0] == (before + 24) % 256


def test_a_loaded_state_has_the_future_of_the_saved_one(write_tiny_rom: WriteRom) -> None:
    emulator, other = Emulator(write_tiny_rom()), Emulator(write_tiny_rom())
    emulator.tick(123)
    state = emulator.save_state()
    other.load_state(state)
    for each in (emulator, other):
        each.step("a", 8, 24)
    assert emulator.save_state() == other.save_state()


def test_nothing_is_read_or_written_beside_a_cartridge_with_a_battery(
    write_tiny_rom: WriteRom,
) -> None:
    path = write_tiny_rom(cartridge_type=BATTERY)
    stray = path.with_name(path.name + ".ram")
    stray.write_bytes(b"\xab" * 32768)
    emulator = Emulator(path)
    emulator.write(0x0000, 0x0A)  # enable cartridge RAM
    assert emulator.read(0xA000, 4) == bytes(4)
    emulator.close()
    stray.unlink()
    emulator = Emulator(path)
    emulator.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_read_only_folder_is_enough(write_tiny_rom: WriteRom) -> None:
    path = write_tiny_rom(cartridge_type=BATTERY)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        emulator = Emulator(path)
        emulator.tick(24)
        emulator.close()
    finally:
        path.parent.chmod(0o755)


def test_the_screen_is_a_live_view_of_the_lcd(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    assert emulator.screen.shape == (144, 160, 4)
    emulator.tick(200)
    for palette, grey in ((0x00, 255), (0x55, 153), (0xAA, 85), (0xFF, 0)):
        emulator.write(0xFF47, palette)
        emulator.tick(1)
        assert set(np.unique(emulator.screen[..., :3])) == {grey}


def test_a_step_ends_when_it_is_done_or_at_its_limit(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    emulator.tick(200)
    for answers, frames in (([True], 10), ([False, False, True], 14), ([False] * 99, 30)):
        asked = iter(answers)
        before = emulator.read_byte(0xC000)
        assert emulator.step_until("a", 8, lambda: next(asked), max_frames=30) == frames  # noqa: B023
        assert emulator.read_byte(0xC000) == (before + frames) % 256


@pytest.mark.parametrize("size", [0, 1, 1000, 153_000])
def test_bytes_that_are_no_state_are_refused(write_tiny_rom: WriteRom, size: int) -> None:
    emulator = Emulator(write_tiny_rom())
    with pytest.raises(StateFormatError, match=f"{size} bytes"):
        emulator.load_state(emulator.save_state()[:size])


def test_a_state_with_bytes_behind_it_is_refused(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    with pytest.raises(StateFormatError, match="The file is cut off, or of another ROM"):
        emulator.load_state(emulator.save_state() + b"abc")


def test_a_cartridge_pyboy_cannot_run_is_named(write_tiny_rom: WriteRom) -> None:
    path = write_tiny_rom(cartridge_type=0xEE)
    with pytest.raises(RomFormatError, match=r"tiny\.gb"):
        Emulator(path)


def test_a_window_that_cannot_be_opened_is_not_put_down_to_the_cartridge(
    write_tiny_rom: WriteRom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    with pytest.raises(ConfigError, match=r"display.*rgb_array"):
        Emulator(write_tiny_rom(), Window.SDL2)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(RomFormatError):
        Emulator(write_tiny_rom(cartridge_type=0xEE), Window.SDL2)


def test_close_may_be_called_again_and_use_after_it_is_an_error(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    emulator.close()
    emulator.close()
    with pytest.raises(ClosedError):
        emulator.tick(1)
    with pytest.raises(ClosedError):
        emulator.read(0xC000, 1)


def test_memory_reads_the_same_through_views_as_from_pyboy(write_tiny_rom: WriteRom) -> None:
    emulator = Emulator(write_tiny_rom())
    assert sorted(emulator._views) == [0x8000, 0xC000]
    state = emulator.save_state()
    for frames in (1, 200, 24):
        emulator.tick(frames)
        for address in (0xC000, 0xFF80):
            emulator.write(address, frames)
        assert_reads_agree(emulator)
    emulator.load_state(state)
    assert_reads_agree(emulator)


def assert_reads_agree(emulator: Emulator) -> None:
    for start, size in ((0x8000, 0x2000), (0xC000, 0x2000), (0x9FF0, 0x20), (0xFF80, 0x7F)):
        assert [*emulator.read(start, size)] == emulator._memory[start : start + size]


def test_an_emulator_whose_memory_cannot_be_viewed_is_asked_for_it(
    write_tiny_rom: WriteRom, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewed = Emulator(write_tiny_rom())
    for finder in ("_marked_array", "_marked_part"):
        monkeypatch.setattr(f"pokered_env.emulation.memory_views.{finder}", lambda _: None)
    asked = Emulator(write_tiny_rom())
    for emulator in (viewed, asked):
        emulator.tick(300)
    assert asked._views == {}
    assert asked.read(0x8000, 0x8000) == viewed.read(0x8000, 0x8000)
    assert asked.save_state() == viewed.save_state()
