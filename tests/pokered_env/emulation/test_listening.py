"""Who waits for the game hears it ask for buttons, and nothing else changes by listening."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pokered_env.emulation.actions import Button
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.listening import HookedEars, ScreenEars, listen
from pokered_env.emulation.timing import MAX_READY_FRAMES, make_timing, perform
from pokered_env.env import PokeRedEnv
from pokered_env.game import profiles, ram
from pokered_env.game.ram import Memory, Symbol
from pokered_env.task.start_states import load_start_state

MakeMemory = Callable[..., Memory]
CURSOR, MORE = 0xED, 0xEE
JOYPAD = 0x180
DEAF_FRAMES = 60
UNTIL_READY = make_timing("until_ready", 8)


@pytest.fixture
def pausing(write_tiny_rom: Callable[..., Path]) -> Iterator[Emulator]:
    """A game whose screen stands still all the time, and which asks in one of 60 frames."""
    path = write_tiny_rom()
    rom = bytearray(path.read_bytes())
    code = [
        [0x3E, 1, 0xE0, 0xFF, 0xFB],  # IE = 1; ei
        [0x06, DEAF_FRAMES],  # again: ld b, 60
        [0x76, 0, 0x05, 0x20, 0xFB],  # pause: halt; nop; dec b; jr nz, pause
        [0xCD, JOYPAD & 0xFF, JOYPAD >> 8],  # call joypad
        [0x18, 0xF4, 0],  # jr again
    ]
    rom[0x150:0x162] = bytes(byte for line in code for byte in line)
    rom[JOYPAD] = 0xC9  # ret
    path.write_bytes(rom)
    emulator = Emulator(path)
    emulator.tick(200)  # past the boot ROM
    yield emulator
    emulator.close()


def test_a_screen_that_stands_still_is_no_sign_that_the_game_asks(pausing: Emulator) -> None:
    ears, maps = HookedEars(pausing, JOYPAD), profiles.pokemon_red().maps
    button = Button.A
    frames = [perform(pausing, button, UNTIL_READY, maps, ears) for _ in range(6)]
    assert all(abs(n - DEAF_FRAMES) <= 3 for n in frames[1:])
    assert sum(frames[1:]) == pytest.approx(5 * DEAF_FRAMES, abs=3)


def test_a_game_that_never_asks_gets_its_next_button_at_last(pausing: Emulator) -> None:
    ears, maps = HookedEars(pausing, 0x190), profiles.pokemon_red().maps
    frames = perform(pausing, Button.A, UNTIL_READY, maps, ears)
    assert MAX_READY_FRAMES - 2 <= frames <= MAX_READY_FRAMES


def test_ears_hear_only_while_they_are_pricked(pausing: Emulator) -> None:
    ears = HookedEars(pausing, JOYPAD)
    pausing.tick(DEAF_FRAMES)
    assert not ears.has_heard()
    ears.prick()
    pausing.tick(DEAF_FRAMES)
    ears.prick()
    assert ears.has_heard()
    ears.rest()
    assert not ears.has_heard()
    ears.prick()
    assert not ears.has_heard()


def test_a_watch_whose_beginning_was_interrupted_can_be_begun_again(pausing: Emulator) -> None:
    pausing.watch(JOYPAD)
    ears = HookedEars(pausing, JOYPAD)
    ears.prick()
    pausing.tick(DEAF_FRAMES)
    assert ears.has_heard()
    pausing.unwatch(JOYPAD)
    ears.rest()


def test_the_game_goes_on_the_same_whether_watched_or_not() -> None:
    routine = profiles.open_cartridge().joypad_routine
    assert routine is not None
    with PokeRedEnv(start_state="got_starter") as env:
        env.reset(seed=0)
        watched = Emulator(env.rom.path)
        watched.load_state(env.emulator.save_state())
        ears = HookedEars(watched, routine)
        ears.prick()
        for action in np.random.default_rng(0).integers(7, size=200).tolist():
            env.step(action)
            watched.step(env.buttons[action].key, 8, 24)
        assert ears.has_heard()
        assert watched.save_state() == env.emulator.save_state()
        watched.close()


def test_the_address_of_the_cartridge_is_that_of_the_routine_that_reads_buttons() -> None:
    """In the first room it is called every other frame, and never while a scripted walk goes on."""
    with PokeRedEnv() as env:
        env.reset(seed=0)
        ears = listen(env.emulator, env.rom.profile.joypad_routine)
        for _ in range(10):
            ears.prick()
            env.emulator.tick(2)
            assert ears.has_heard()
            ears.rest()
        env.emulator.step("down", 4, 6)
        assert env.emulator.read_byte(ram.WALK_COUNTER.address) > 2
        ears.prick()
        env.emulator.tick(2)
        assert not ears.has_heard()


def test_a_game_is_listened_to_as_exactly_as_it_is_known(pausing: Emulator) -> None:
    assert isinstance(listen(pausing, profiles.pokemon_red().joypad_routine), HookedEars)
    assert isinstance(listen(pausing, profiles.unknown_rom("X").joypad_routine), ScreenEars)


def tile(column: int, row: int, code: int) -> tuple[Symbol, bytes]:
    return Symbol("tile", ram.TILE_MAP.address + 20 * row + column), bytes([code])


@pytest.mark.parametrize(
    ("pokes", "waits"),
    [
        ([], False),
        ([tile(9, 14, CURSOR)], True),
        ([tile(18, 16, MORE)], True),
        ([tile(18, 11, MORE)], False),  # a list that goes on
    ],
)
def test_a_battle_waits_under_a_cursor_or_the_mark_of_more_text(
    make_memory: MakeMemory, pokes: list[tuple[Symbol, bytes]], waits: bool
) -> None:
    memory = make_memory((ram.IS_IN_BATTLE, b"\1"), *pokes)
    assert ScreenEars(memory).has_heard() == waits


@pytest.mark.parametrize(("last", "now", "waits"), [(1, 0, False), (0, 0, True), (2, 2, True)])
def test_a_menu_that_waits_has_noticed_the_release(
    make_memory: MakeMemory, last: int, now: int, waits: bool
) -> None:
    memory = make_memory((ram.JOY_LAST, bytes([last])), (ram.JOY_INPUT, bytes([now])))
    assert ScreenEars(memory).has_heard() == waits


@pytest.mark.parametrize("known", [True, False])
def test_in_the_cartridge_battles_decisions_come_when_it_listens(known: bool) -> None:
    with PokeRedEnv(action_frames="until_ready", max_steps=None) as env:
        routine = env.rom.profile.joypad_routine
        assert routine is not None
        battle = first_battle(env)
        if not known:
            env._ears = listen(env.emulator, None)
        env.reset(seed=0, options={"state": battle})
        witness = Emulator(env.rom.path)
        witness.load_state(env.emulator.save_state())
        ears = HookedEars(witness, routine)
        decisions = 0
        for action in [4, *np.random.default_rng(0).integers(7, size=60).tolist()]:
            was_in_battle = env.game_state.battle
            frames = env.step(action)[4]["frames"]
            ears.prick()
            witness.step(env.buttons[action].key, 8, 8)
            if decisions and was_in_battle:
                assert ears.has_heard()
            ears.rest()
            witness.tick(frames - 8)
            decisions += bool(was_in_battle)
        assert decisions > 10
        witness.close()


def first_battle(env: PokeRedEnv) -> bytes:
    """Play the cartridge's milestones until a battle begins."""
    emulator = Emulator(env.rom.path)
    start = env.rom.profile.start_states["got_hall_pass"]
    emulator.load_state(load_start_state(env.rom, start.after or ""))
    for press in start.script:
        for _ in range(press.repeat):
            emulator.step(press.button, press.hold_frames, press.total_frames)
            if emulator.read_byte(ram.IS_IN_BATTLE.address):
                state = emulator.save_state()
                emulator.close()
                return state
    raise AssertionError("no battle on the way to got_hall_pass")
