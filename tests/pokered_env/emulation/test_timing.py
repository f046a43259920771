from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pokered_env.emulation.listening import ScreenEars
from pokered_env.emulation.timing import MAX_READY_FRAMES, Readiness, Timing, make_timing
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.game import ram
from pokered_env.game.profiles import pokemon_red
from pokered_env.game.ram import Memory, Symbol
from pokered_env.tools.bench import measure_until_ready

NORMAL, CAVE, BLACK, WHITE = 0xE4, 0xFE, 0xFF, 0x00  # palettes
MakeMemory = Callable[..., Memory]


def test_frames_are_taken_as_given() -> None:
    assert make_timing(24, 8) == Timing(24, 8, until_ready=False)


def test_until_ready_has_a_limit() -> None:
    assert make_timing("until_ready", 8) == Timing(MAX_READY_FRAMES, 8, until_ready=True)


@pytest.mark.parametrize(
    ("action_frames", "hold_frames"), [(24, 24), (1, 1), (24, 0), (10**9, 8), (True, 8), (24, 8.0)]
)
def test_a_button_is_pressed_and_released_within_the_action(
    action_frames: int, hold_frames: int
) -> None:
    with pytest.raises(ConfigError, match="0 < hold_frames < action_frames"):
        make_timing(action_frames, hold_frames)


def outdoors(*pokes: tuple[Symbol, int]) -> list[tuple[Symbol, bytes]]:
    """Standing in the first town of Pokémon Red, whose size is 9 by 10, but for ``pokes``."""
    values = {ram.WINDOW_Y: ram.WINDOW_HIDDEN, ram.BG_PALETTE: NORMAL, **dict(pokes)}
    return [(ram.CUR_MAP_SIZE, bytes((9, 10))), *((s, bytes([v])) for s, v in values.items())]


def readiness(memory: Memory) -> Readiness:
    return Readiness(memory, pokemon_red().maps, ScreenEars(memory))


@pytest.mark.parametrize("palette", [NORMAL, CAVE])
def test_who_stands_on_a_map_in_full_light_can_go_on_at_once(
    make_memory: MakeMemory, palette: int
) -> None:
    memory = make_memory(*outdoors((ram.BG_PALETTE, palette)))
    assert readiness(memory)()


@pytest.mark.parametrize(
    "poke",
    [
        (ram.IS_IN_BATTLE, 1),
        (ram.FONT_LOADED, 1),
        (ram.CUR_MAP, 37),  # on the way into a house, which is 4 by 4
        (ram.BG_PALETTE, BLACK),
        (ram.BG_PALETTE, WHITE),
        (ram.JOY_IGNORE, 0xFF),
        (ram.WALK_COUNTER, 3),
    ],
)
def test_on_the_way_into_a_map_a_battle_or_a_text_nobody_can_act(
    make_memory: MakeMemory, poke: tuple[Symbol, int]
) -> None:
    is_ready = readiness(make_memory(*outdoors(poke)))
    assert not any(is_ready() for _ in range(20))


def test_before_the_game_has_begun_the_screen_has_to_stand_still(make_memory: MakeMemory) -> None:
    title = [(symbol, raw) for symbol, raw in outdoors() if symbol != ram.CUR_MAP_SIZE]
    is_ready = readiness(make_memory(*title))
    assert [is_ready() for _ in range(6)] == [False] * 4 + [True] * 2


def test_in_the_middle_of_a_fade_nobody_can_act(make_memory: MakeMemory) -> None:
    class Fading:
        palette = NORMAL

        def read(self, address: int, size: int) -> bytes:
            return still.read(address, size)

        def read_byte(self, address: int, /) -> int:
            is_palette = address == ram.BG_PALETTE.address
            return self.palette if is_palette else still.read_byte(address)

    still, memory = make_memory(*outdoors()), Fading()
    is_ready = readiness(memory)
    for palette in (0xF9, 0xFE, BLACK, NORMAL):
        memory.palette = palette
        assert not any(is_ready() for _ in range(4))
    assert [is_ready() for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize("state", ["start", "got_starter"])
def test_on_the_cartridge_decisions_come_when_it_listens(state: str) -> None:
    with PokeRedEnv(start_state=state, action_frames="until_ready") as env:
        env.reset(seed=0)
        read_byte, maps, frames = env.emulator.read_byte, set(), []
        for action in np.random.default_rng(0).integers(7, size=250).tolist():
            info = env.step(action)[4]
            maps.add(info["map_name"])
            frames.append(info["frames"])
            assert read_byte(ram.BG_PALETTE.address) == NORMAL
            if read_byte(ram.WINDOW_Y.address) == ram.WINDOW_HIDDEN:
                assert not env.game_state.battle
                assert not read_byte(ram.FONT_LOADED.address) & 1
                assert env.progress.exploration.is_on_map(env.game_state)
        assert len(maps) > 1
        assert np.mean(frames) < 24
        assert max(frames) < MAX_READY_FRAMES


def test_the_benchmark_compares_decisions_of_both_timings() -> None:
    figures = measure_until_ready(None, steps=40, rounds=2)
    assert figures["frames_per_decision"] == 24
    assert 10 < figures["until_ready_frames_per_decision"] < 24
    assert figures["decisions_per_s"] > 0
    assert figures["until_ready_decisions_per_s"] > 0
