"""Same seed and buttons, same game; other seed, another; a saved state goes on the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from console import Console

BUTTONS = ("down", "left", "right", "up", "a", "b", "start")
NUM_ACTIONS = 400
CUTS = (0, 37, 151, 300)


def _play(console: Console, actions: list[str]) -> bytes:
    for action in actions:
        console.press(action)
    return _memory(console) + np.asarray(console.emulator.screen).tobytes()


def _memory(console: Console) -> bytes:
    return console.read(0xC000, 0x2000) + console.read(0xFF80, 0x7F)


def _seed(console: Console, value: int) -> None:
    console.emulator.write(0xFFD3, value >> 8)
    console.emulator.write(0xFFD4, value & 0xFF)


@pytest.fixture
def actions() -> list[str]:
    return random.Random(3).choices(BUTTONS, k=NUM_ACTIONS)


def test_same_seed_and_buttons_give_the_same_game(
    console: Console, keeper_state: bytes, actions: list[str]
) -> None:
    ends = []
    for _ in range(2):
        console.load(keeper_state)
        _seed(console, 0x1234)
        ends.append(_play(console, actions))
    assert ends[0] == ends[1]


def test_other_seed_gives_another_game(
    console: Console, start_state: bytes, actions: list[str]
) -> None:
    ends = []
    for seed in (1, 2):
        console.load(start_state)
        _seed(console, seed)
        ends.append(_play(console, actions[:40]))
    assert ends[0] != ends[1]


@pytest.mark.parametrize("cut", CUTS)
def test_saved_state_goes_on_the_same_in_a_fresh_console(
    console: Console, keeper_state: bytes, actions: list[str], cut: int
) -> None:
    console.load(keeper_state)
    _play(console, actions[:cut])
    saved = console.save()
    _play(console, actions[cut:])
    fresh = Console()
    fresh.load(saved)
    _play(fresh, actions[cut:])
    assert _memory(fresh) == _memory(console)
    fresh.close()


def test_power_on_plays_the_same_twice() -> None:
    ends = []
    for _ in range(2):
        console = Console()
        console.play_start_script()
        ends.append(_memory(console))
        console.close()
    assert ends[0] == ends[1]
