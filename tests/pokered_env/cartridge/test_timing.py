"""The original's timing, measured there: one cell in 16 frames, give or take a loop's phase."""

from __future__ import annotations

import pytest
from atlas import Atlas
from console import Console
from player import Player

ORIGINAL_ARRIVALS = (17, 33, 49)
PHASE = 2  # frames a button may wait for the game's loop


@pytest.fixture(scope="module")
def row_state(start_state: bytes, atlas: Atlas) -> bytes:
    """At the left end of a row of free cells, outdoors."""
    console = Console()
    console.load(start_state)
    player = Player(console, atlas)
    player.walk_to("WICKHAM", *player.floor("WICKHAM"))
    floor = set(player.floor("WICKHAM"))
    player.walk_to("WICKHAM", *(cell for cell in floor if _is_row(cell, floor)))
    state = console.save()
    console.close()
    return state


def _is_row(cell: tuple[int, int], floor: set[tuple[int, int]]) -> bool:
    return all((cell[0] + i, cell[1]) in floor for i in range(6))


@pytest.fixture
def walker(console: Console, row_state: bytes, atlas: Atlas) -> Player:
    console.load(row_state)
    return Player(console, atlas)


@pytest.mark.parametrize("phase", [0, 1])
def test_held_direction_moves_a_cell_every_16_frames(
    walker: Player, console: Console, phase: int
) -> None:
    player = walker
    if console.byte(0xC109) == 0xC:
        console.press("down", hold=2, frames=40)  # turns only
    console.tick(10 + phase)
    console.emulator.step("right", 60, 1)
    last, arrivals, facing = player.spot(), [], 0
    for frame in range(2, 60):
        console.tick(1)
        if not facing and console.byte(0xC109) == 0xC:
            facing = frame
        if player.spot() != last:
            arrivals.append(frame)
            last = player.spot()
    assert len(arrivals) == 3
    assert all(abs(a - b) <= PHASE for a, b in zip(arrivals, ORIGINAL_ARRIVALS, strict=True))
    assert arrivals[1] - arrivals[0] == arrivals[2] - arrivals[1] == 16
    assert facing <= 3


@pytest.mark.parametrize("hold", range(1, 17))
def test_a_press_of_three_to_sixteen_frames_is_one_cell(
    walker: Player, console: Console, hold: int
) -> None:
    before = walker.spot()
    console.press("right", hold=hold, frames=24)
    console.press(None)
    moved = walker.spot().x - before.x
    assert moved == 1 if hold >= 4 else moved in (0, 1)
    assert console.byte(0xCFC5) == 0


def test_coordinates_change_only_at_the_end_of_a_step(walker: Player, console: Console) -> None:
    before = walker.spot()
    console.emulator.step("right", 8, 1)
    for _ in range(30):
        console.tick(1)
        if console.byte(0xCFC5):
            assert walker.spot() == before
    assert walker.spot() != before


def test_a_sealed_way_only_turns(player: Player, console: Console) -> None:
    cell = next(iter(player.floor("HOME")))
    player.walk_to("HOME", cell)
    for direction in ("up", "left", "down", "right"):
        if player.neighbour_kind(direction) == "solid":
            before = player.spot()
            console.press(direction)
            console.press(direction)
            assert player.spot() == before
            assert console.byte(0xC109) == {"down": 0, "up": 4, "left": 8, "right": 12}[direction]
