from __future__ import annotations

from collections.abc import Iterator

import pytest
from pokered_env.emulation.emulator import Emulator
from pokered_env.errors import StartScriptError
from pokered_env.game import ram, scripts
from pokered_env.game.game_state import GameState
from pokered_env.game.rom import Rom, resolve_rom
from pokered_env.game.scripts import Press, is_in_control, is_standing, shows
from pokered_env.task.start_states import load_start_state


@pytest.fixture(scope="module")
def rom() -> Rom:
    return resolve_rom()


@pytest.fixture
def emulator(rom: Rom) -> Iterator[Emulator]:
    made = Emulator(rom.path)
    made.load_state(load_start_state(rom, "start"))
    yield made
    made.close()


def test_a_script_waits_for_words_on_the_screen(rom: Rom, emulator: Emulator) -> None:
    script = (
        Press("start", 4, 12, repeat=50, until=shows("SAVE"), goal="the menu"),
        Press("b", 4, 12, repeat=50, until=is_in_control, goal="control"),
    )
    scripts.play(script[:1], emulator, rom.glyphs)
    assert shows("OPTION")(emulator, rom.glyphs)
    assert not is_in_control(emulator, rom.glyphs)
    scripts.play(script[1:], emulator, rom.glyphs)
    assert is_in_control(emulator, rom.glyphs)


def test_inputs_are_held_repeated_and_waited_for(rom: Rom, emulator: Emulator) -> None:
    before = GameState.read(emulator)
    scripts.play((Press("right", 8, 24, repeat=2), Press(None, 0, 10)), emulator, rom.glyphs)
    after = GameState.read(emulator)
    assert (after.x, after.y) == (before.x + 2, before.y)


def test_a_condition_that_never_comes_is_named(rom: Rom, emulator: Emulator) -> None:
    script = (Press("b", 4, 12, repeat=3, until=shows("NEW GAME"), goal="the words 'NEW GAME'"),)
    with pytest.raises(StartScriptError, match="'NEW GAME'"):
        scripts.play(script, emulator, rom.glyphs)


def test_every_scripted_start_of_the_open_cartridge_is_reached(rom: Rom) -> None:
    for name in rom.profile.start_states:
        machine = Emulator(rom.path)
        machine.load_state(load_start_state(rom, name))
        shown = machine.read_byte(ram.WINDOW_Y.address) != ram.WINDOW_HIDDEN
        assert name == "power_on" or (is_standing(machine) and not shown), name
        machine.close()
