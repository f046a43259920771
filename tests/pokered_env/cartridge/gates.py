"""What bars the way until a flag is set, found in the content: no list of gates by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas import STEPS, Atlas, Situation, Spot
from compiler.blocks import Block
from compiler.graphics import WALKABLE_KINDS
from compiler.maps import Map, Thing
from compiler.scripts import read_scripts

OPPOSITE = {"down": "up", "up": "down", "left": "right", "right": "left"}


@dataclass(frozen=True)
class Gate:
    """Cells that let nobody pass before a flag is set.

    Attributes:
        flag: Name of the event flag.
        map_name: The map the cells are on.
        cells: The cells.
        directions: In which one can walk into them.
        is_trigger: Whether it sends back whoever steps on it; else it is solid or occupied.
        answers: Whether it says what is missing when A is pressed in front of it.
    """

    flag: str
    map_name: str
    cells: tuple[tuple[int, int], ...]
    directions: tuple[str, ...]
    is_trigger: bool
    answers: bool

    @property
    def name(self) -> str:
        return f"{self.map_name}-{self.flag}"

    def ways(self) -> Iterator[tuple[tuple[int, int], str]]:
        """Cells beside the gate, each with the direction that leads into it."""
        for x, y in self.cells:
            for direction in self.directions:
                dx, dy = STEPS[direction]
                if (x - dx, y - dy) not in self.cells:
                    yield (x - dx, y - dy), direction


def find_gates(atlas: Atlas, content: Path) -> list[Gate]:
    """Return the gates of all maps, one of each flag and kind."""
    scripts = read_scripts(content)
    found = {gate.name: gate for gate in (*_barred(atlas, scripts), *_turning_back(atlas, scripts))}
    return list(found.values())


def _turning_back(atlas: Atlas, scripts: dict[str, Block]) -> Iterator[Gate]:
    """Triggers whose script walks the player back."""
    for map_ in atlas.maps.values():
        for thing in map_.of_kind("trigger"):
            steps = [x.words[1] for x in scripts[thing.words[0]].lines if x.words[0] == "step"]
            if steps and thing.condition and thing.condition[0] == "unless":
                direction = (OPPOSITE[steps[0]],)
                cells = ((thing.x, thing.y),)
                yield Gate(thing.condition[1], map_.name, cells, direction, True, False)


def _fights(scripts: dict[str, Block], thing: Thing) -> bool:
    script = scripts.get(thing.words[-1]) if thing.words else None
    return script is not None and any(line.words[0] == "battle" for line in script.lines)


def _barred(atlas: Atlas, scripts: dict[str, Block]) -> Iterator[Gate]:
    """Cells that patches open or people leave, and without which less of the world is in reach."""
    start = Spot(atlas.map_id("HOME"), 3, 5, 0)
    all_cells = _reachable(atlas, start, without=None)
    for map_ in atlas.maps.values():
        for flag, cells in _guarded(atlas, map_).items():
            lost = all_cells - _reachable(atlas, start, without=atlas.world.tables.flags[flag])
            if len(lost) <= 2 * len(cells):  # no more than the corner behind somebody
                continue
            speakers = [t for t in map_.of_kind("sign", "npc") if (t.x, t.y) in cells]
            answers = bool(speakers) and not any(_fights(scripts, thing) for thing in speakers)
            yield Gate(flag, map_.name, tuple(cells), tuple(STEPS), False, answers)


def _guarded(atlas: Atlas, map_: Map) -> dict[str, list[tuple[int, int]]]:
    """Cells by the flag that makes them walkable."""
    tileset = atlas.world.tilesets[map_.tileset]
    cells: dict[str, list[tuple[int, int]]] = {}
    for patch in map_.patches:
        if patch.condition[0] == "if" and tileset.kinds[tileset.cell(patch.cell)] in WALKABLE_KINDS:
            cells.setdefault(patch.condition[1], []).append((patch.x, patch.y))
    for thing in map_.people():
        if thing.condition and thing.condition[0] == "unless":
            cells.setdefault(thing.condition[1], []).append((thing.x, thing.y))
    return cells


def _reachable(atlas: Atlas, start: Spot, without: int | None) -> set[tuple[int, int, int]]:
    now = Situation(lambda n: n != without, lambda n: False, frozenset(), -1)
    return atlas.reachable(start, now)
