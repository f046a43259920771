"""Every gate refuses whoever comes too early and admits later, shown by walking into it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from atlas import Atlas, Spot
from gates import Gate, find_gates
from moments import Moment
from player import Player
from record_walkthrough import CARTRIDGE

NAMES = (
    "WICKHAM-GOT_STARTER",
    "WICKHAM-GOT_LANTERN",
    "MILLBROOK-GOT_HALL_PASS",
    "MILLBROOK-WOOD_GATE_OPEN",
    "QUARRY_ROAD-ROCKFALL_CLEARED",
    "QUARRY-LEVER_1",
    "QUARRY-LEVER_2",
    "QUARRY-BEAT_FOREMAN",
    "SALTMERE-BEACON_GATE_OPEN",
    "MILLBROOK-BEACON_LIT",
)
NEAR = 50  # cells as the crow flies


@pytest.fixture(scope="module")
def gates(atlas: Atlas) -> dict[str, Gate]:
    return {gate.name: gate for gate in find_gates(atlas, CARTRIDGE / "content")}


@dataclass(frozen=True)
class Visit:
    """When to try a gate, from which cell and in which direction."""

    moment: Moment
    cell: tuple[int, int]
    direction: str


@pytest.fixture(scope="module")
def first_visits(gates: dict[str, Gate], moments: list[Moment], atlas: Atlas) -> dict[str, Visit]:
    """For each gate the first time that one can walk up to it from near."""
    return {name: _first_visit(gate, atlas, moments) for name, gate in gates.items()}


def _first_visit(gate: Gate, atlas: Atlas, moments: list[Moment]) -> Visit:
    map_id = atlas.map_id(gate.map_name)
    for moment in moments:
        if atlas.distance(moment.spot, Spot(map_id, *gate.cells[0], 0)) > NEAR:
            continue
        beside = [Spot(map_id, *cell, 0) for cell, _ in gate.ways()]
        if atlas.path(moment.spot, beside, moment.situation) is None:
            continue
        for (cell, direction), spot in zip(gate.ways(), beside, strict=True):
            if atlas.path(moment.spot, [spot], moment.situation) is not None:
                assert not moment.has(atlas, gate.flag)
                return Visit(moment, cell, direction)
    raise AssertionError(f"one never comes near {gate}")


def _walk_into(player: Player, gate: Gate, visit: Visit) -> bool:
    """Go to the gate, walk into it, read what is said; tell whether one got through."""
    player.walk_to(gate.map_name, visit.cell)
    for _ in range(2):
        player.press(visit.direction)
        player.settle()
    here = player.spot()
    return (here.map_id, here.x, here.y) != (player.atlas.map_id(gate.map_name), *visit.cell)


def test_these_are_all_gates(gates: dict[str, Gate]) -> None:
    assert set(gates) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_gate_refuses_who_comes_too_early(
    name: str, gates: dict[str, Gate], first_visits: dict[str, Visit], visitor: Player
) -> None:
    gate, visit = gates[name], first_visits[name]
    visitor.console.load(visit.moment.state)
    assert not _walk_into(visitor, gate, visit)
    if gate.is_trigger:
        visitor.press(visit.direction)
        assert visitor.window_open()  # somebody says why
        visitor.settle()
    if gate.answers:
        visitor.press("a")
        assert visitor.window_open()
        visitor.settle()
    assert not _walk_into(visitor, gate, visit), "asking opened it: nothing was missing"
    assert not visitor.has(gate.flag)


@pytest.mark.parametrize("name", NAMES)
def test_gate_admits_who_has_its_flag(
    name: str,
    gates: dict[str, Gate],
    first_visits: dict[str, Visit],
    moments: list[Moment],
    visitor: Player,
) -> None:
    gate = gates[name]
    visitor.console.load(next(m.state for m in moments if m.has(visitor.atlas, gate.flag)))
    assert _walk_into(visitor, gate, first_visits[name])
