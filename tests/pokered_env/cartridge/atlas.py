"""Where one can walk: the content's maps as a graph of cells, ledges, borders and warps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import build
from compiler.graphics import WALKABLE_KINDS
from compiler.maps import Map, Thing
from compiler.world import LAST_MAP, World, grid_origin, read_game

STEPS = {"down": (0, 1), "up": (0, -1), "left": (-1, 0), "right": (1, 0)}


@dataclass(frozen=True)
class Spot:
    """A cell; `last` is the outdoor map a shared interior would lead back to."""

    map_id: int
    x: int
    y: int
    last: int


@dataclass(frozen=True)
class Situation:
    """What of the game decides where one can go.

    Attributes:
        has_flag: Whether an event flag is set.
        is_hidden: Whether the person or item of a toggle number is gone.
        blocked: Cells of the current map where people stand now.
        map_id: The current map.
    """

    has_flag: Callable[[int], bool]
    is_hidden: Callable[[int], bool]
    blocked: frozenset[tuple[int, int]]
    map_id: int


@dataclass(frozen=True)
class _Ground:
    """Kinds of all cells as they are now, and who stands where."""

    kinds: dict[int, list[list[str]]]
    patched: dict[tuple[int, int, int], str]
    people: dict[int, frozenset[tuple[int, int]]]

    def kind(self, spot: Spot) -> str:
        known = self.kinds[spot.map_id][spot.y][spot.x]
        return self.patched.get((spot.map_id, spot.x, spot.y), known)

    def admits(self, spot: Spot) -> bool:
        return (
            self.kind(spot) in WALKABLE_KINDS and (spot.x, spot.y) not in self.people[spot.map_id]
        )


class Atlas:
    """All maps of the cartridge."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.maps = {map_.identity: map_ for map_ in world.maps.values()}
        self._cells = {i: map_.cells(world.tilesets[map_.tileset]) for i, map_ in self.maps.items()}
        self._origins = {i: grid_origin(world, m) for i, m in self.maps.items() if m.is_outdoor}
        self._kinds = {
            i: [[world.tilesets[self.maps[i].tileset].kinds[cell] for cell in row] for row in rows]
            for i, rows in self._cells.items()
        }
        self._toggles = world.toggles()
        self._outdoors: dict[tuple[int, int], tuple[int, int, int]] = {}
        for i, (left, top) in self._origins.items():
            for y in range(self.maps[i].height):
                for x in range(self.maps[i].width):
                    self._outdoors[left + x, top + y] = (i, x, y)

    @staticmethod
    def read(content: Path) -> Atlas:
        game = read_game(content)
        world, _ = build.read_content(content, game)
        return Atlas(world)

    def map_id(self, name: str) -> int:
        return self.world.maps[name].identity

    def thing(self, map_name: str, name: str) -> tuple[int, Thing]:
        """A person or item by name, with its sprite slot."""
        for slot, thing in enumerate(self.world.maps[map_name].people(), 1):
            if thing.name == name:
                return slot, thing
        raise KeyError(f"{map_name}.{name}")

    def kind(self, map_id: int, x: int, y: int, has_flag: Callable[[int], bool]) -> str:
        """Kind of a cell of a map, patches applied."""
        return self._patched(has_flag).get((map_id, x, y), self._kinds[map_id][y][x])

    def kinds(self, map_id: int, has_flag: Callable[[int], bool]) -> list[list[str]]:
        """Kinds of all cells of a map, by row and column."""
        kinds = [list(row) for row in self._kinds[map_id]]
        for (patched, x, y), kind in self._patched(has_flag).items():
            if patched == map_id:
                kinds[y][x] = kind
        return kinds

    def _patched(self, has_flag: Callable[[int], bool]) -> dict[tuple[int, int, int], str]:
        """Kinds of the cells that flags have changed."""
        kinds = {}
        for map_ in self.maps.values():
            tileset = self.world.tilesets[map_.tileset]
            for patch in map_.patches:
                if self._holds(patch.condition, has_flag):
                    cell = tileset.cell(patch.cell)
                    kinds[map_.identity, patch.x, patch.y] = tileset.kinds[cell]
        return kinds

    def _holds(self, condition: tuple[str, str] | None, has_flag: Callable[[int], bool]) -> bool:
        if condition is None:
            return True
        word, flag = condition
        return has_flag(self.world.tables.flags[flag]) == (word == "if")

    def is_visible(self, map_: Map, thing: Thing, now: Situation) -> bool:
        toggle = self._toggles[f"{map_.name}.{thing.name}"]
        return self._holds(thing.condition, now.has_flag) and not now.is_hidden(toggle)

    def path(self, start: Spot, goals: Iterable[Spot], now: Situation) -> list[str] | None:
        """Shortest list of directions from a spot to any goal (`last` of goals is ignored)."""
        wanted = {(goal.map_id, goal.x, goal.y) for goal in goals}
        ground = self._ground(now)
        came: dict[Spot, tuple[Spot, str] | None] = {start: None}
        queue = deque([start])
        while queue:
            spot = queue.popleft()
            if spot != start and (spot.map_id, spot.x, spot.y) in wanted:
                return self._trace(came, spot)
            for direction in STEPS:
                after = self._step(spot, direction, ground)
                if after is not None and after not in came:
                    came[after] = (spot, direction)
                    queue.append(after)
        return None

    def reachable(self, start: Spot, now: Situation) -> set[tuple[int, int, int]]:
        """All cells one can walk to."""
        ground = self._ground(now)
        seen = {start}
        queue = deque([start])
        while queue:
            spot = queue.popleft()
            for direction in STEPS:
                after = self._step(spot, direction, ground)
                if after is not None and after not in seen:
                    seen.add(after)
                    queue.append(after)
        return {(spot.map_id, spot.x, spot.y) for spot in seen}

    def distance(self, a: Spot, b: Spot) -> float:
        """Cells between two spots as the crow flies; infinite unless outdoors or on one map."""
        if a.map_id == b.map_id:
            return abs(a.x - b.x) + abs(a.y - b.y)
        if a.map_id not in self._origins or b.map_id not in self._origins:
            return float("inf")
        (left, top), (other_left, other_top) = self._origins[a.map_id], self._origins[b.map_id]
        return abs(left + a.x - other_left - b.x) + abs(top + a.y - other_top - b.y)

    def _ground(self, now: Situation) -> _Ground:
        people = {i: self._standing(map_, now) for i, map_ in self.maps.items()}
        return _Ground(self._kinds, self._patched(now.has_flag), people)

    def _standing(self, map_: Map, now: Situation) -> frozenset[tuple[int, int]]:
        if map_.identity == now.map_id:
            return now.blocked
        people = [thing for thing in map_.people() if self.is_visible(map_, thing, now)]
        return frozenset(
            (thing.x, thing.y)
            for thing in people
            if thing.kind != "npc" or not thing.words[2].startswith("wander")
        )

    def _trace(self, came: dict[Spot, tuple[Spot, str] | None], spot: Spot) -> list[str]:
        directions = []
        step = came[spot]
        while step is not None:
            spot, direction = step
            directions.append(direction)
            step = came[spot]
        return directions[::-1]

    def _neighbour(self, spot: Spot, dx: int, dy: int) -> Spot | None:
        map_ = self.maps[spot.map_id]
        x, y = spot.x + dx, spot.y + dy
        if 0 <= x < map_.width and 0 <= y < map_.height:
            return replace(spot, x=x, y=y)
        if not map_.is_outdoor:
            return None
        left, top = self._origins[spot.map_id]
        found = self._outdoors.get((left + x, top + y))
        return None if found is None else Spot(*found, spot.last)

    def _step(self, spot: Spot, direction: str, ground: _Ground) -> Spot | None:
        dx, dy = STEPS[direction]
        after = self._neighbour(spot, dx, dy)
        if after is None:
            return None
        if direction == "down" and ground.kind(after) == "ledge":
            after = self._neighbour(after, 0, 1)
        return None if after is None or not ground.admits(after) else self._through_warp(after)

    def _through_warp(self, spot: Spot) -> Spot:
        map_ = self.maps[spot.map_id]
        for warp in map_.warps:
            if (warp.x, warp.y) == (spot.x, spot.y):
                target_id, number = self.world.destination(warp)
                last = spot.map_id if map_.is_outdoor else spot.last
                target = self.maps[last if target_id == LAST_MAP else target_id]
                there = self.world.warps_of(target)[number]
                tileset = self.world.tilesets[target.tileset]
                is_door = tileset.kinds[self._cells[target.identity][there.y][there.x]] == "door"
                y = there.y + 1 if target.is_outdoor and is_door else there.y
                return Spot(target.identity, there.x, y, last)
        return spot
