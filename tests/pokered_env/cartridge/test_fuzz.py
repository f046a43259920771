"""Random buttons never crash the game nor bring a value out of its range."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from console import Console, read_metadata

NUM_SEEDS = 20
CHECK_EVERY = 5
BUTTONS = ("down", "left", "right", "up", "a", "b", "start", "select")
STACK_LIMIT = 0xDF15
STACK_GUARD = slice(0xDF15 - 0xD000, 0xDF55 - 0xD000)


def _check(console: Console, maps: dict[int, dict[str, int]]) -> None:
    registers = console.emulator._pyboy.register_file
    assert registers.PC != 0x38, "crashed"
    assert registers.SP > STACK_LIMIT, f"stack at {registers.SP:04X}"
    memory = console.read(0xD000, 0x1000)
    entry = maps[memory[0x35E]]
    assert memory[0x361] < entry["height"] and memory[0x362] < entry["width"]
    assert memory[0x057] in (0, 1, 2, 0xFF)
    assert memory[0xA80] == 0 and memory[0x5A2] == 0
    count = memory[0x163]
    assert count <= 6 and memory[0x164 + count] == 0xFF
    for slot in range(count):
        _check_mon(memory[0x16B + 44 * slot : 0x16B + 44 * (slot + 1)], memory[0x164 + slot])
    bag = memory[0x31D]
    assert bag <= 20 and memory[0x31E + 2 * bag] == 0xFF
    assert all(1 <= quantity <= 99 for quantity in memory[0x31F : 0x31F + 2 * bag : 2])
    assert all(digit < 10 for byte in memory[0x347:0x34A] for digit in (byte >> 4, byte & 15))
    assert max(console.read(0xCFC5, 1)) <= 8
    assert memory[STACK_GUARD] == bytes(64), "the stack has been there"


def _check_mon(mon: bytes, listed: int) -> None:
    hp, most = int.from_bytes(mon[1:3], "big"), int.from_bytes(mon[34:36], "big")
    assert mon[0] == listed and 0 < most < 1000 and hp <= most
    assert 1 <= mon[33] <= 100
    assert int.from_bytes(mon[14:17], "big") >= mon[33] ** 3
    assert mon[8] != 0


def _play(seed: int, state: bytes, num_actions: int) -> None:
    maps = {entry["id"]: entry for entry in read_metadata()["maps"]}
    generator = random.Random(seed)
    console = Console()
    console.load(state)
    console.emulator.write(0xFFD3, generator.randrange(256))
    for action in range(num_actions):
        console.press(generator.choice(BUTTONS), hold=generator.choice((2, 8, 8, 8, 20)))
        if action % CHECK_EVERY == 0:
            _check(console, maps)
    console.close()


@pytest.mark.parametrize("num_actions", [1_000, pytest.param(5_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("start", ["new game", "with a mote in the reeds"])
def test_random_play_stays_in_range(
    start: str, num_actions: int, start_state: bytes, in_reeds_state: bytes
) -> None:
    state = start_state if start == "new game" else in_reeds_state
    seeds = range(0, NUM_SEEDS, 2) if start == "new game" else range(1, NUM_SEEDS, 2)
    with ThreadPoolExecutor(2) as pool:  # PyBoy releases the GIL while it ticks
        list(pool.map(lambda seed: _play(seed, state, num_actions), seeds))
