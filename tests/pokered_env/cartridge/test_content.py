"""Plays the cartridge's content as a logic puzzle: every script, gate and cell, without the ROM."""

from __future__ import annotations

import re
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CARTRIDGE = Path(__file__).parents[3] / "packages" / "pokered-env" / "cartridge"
sys.path.insert(0, str(CARTRIDGE))

from compiler.blocks import Block, Line, read_blocks, read_lines  # noqa: E402

CONTENT = CARTRIDGE / "content"
STEPS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
WALKABLE = ("walk", "grass", "door")
START = ("HOME", 3, 5)

Cell = tuple[str, int, int]


@dataclass
class Thing:
    """Something on a map that runs a script, gives an item or fights."""

    x: int
    y: int
    action: str
    condition: tuple[str, str] | None = None
    blocks: bool = True


@dataclass
class Map:
    """One map file."""

    name: str
    tileset: str = ""
    origin: tuple[int, int] | None = None
    grid: list[str] = field(default_factory=list)
    warps: dict[str, tuple[int, int, str, str]] = field(default_factory=dict)
    patches: list[tuple[int, int, str, tuple[str, str]]] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    triggers: list[Thing] = field(default_factory=list)


@dataclass
class Progress:
    """What the player has done; `never` are flags that refuse to be set."""

    flags: set[str] = field(default_factory=set)
    items: Counter[str] = field(default_factory=Counter)
    badges: set[str] = field(default_factory=set)
    never: frozenset[str] = frozenset()

    def holds(self, condition: tuple[str, str] | None) -> bool:
        return condition is None or (condition[1] in self.flags) == (condition[0] == "if")


def _condition(words: list[str]) -> tuple[str, str] | None:
    return (words[-2], words[-1]) if len(words) > 2 and words[-2] in ("if", "unless") else None


def read_map(block: Block) -> Map:
    place = Map(block.name)
    lines = iter(block.lines)
    for line in lines:
        key, *words = line.words
        if key == "grid":
            place.grid = list(_grid_rows(lines))
        elif key == "tileset":
            place.tileset = words[0]
        elif key == "at":
            place.origin = (int(words[0]), int(words[1]))
        elif key in ("warp", "patch", "sign", "trigger", "npc", "trainer", "item", "hidden"):
            _read_object(place, key, words, line)
    return place


def _grid_rows(lines: Iterator[Line]) -> Iterator[str]:
    for line in lines:
        if line.text == "end":
            return
        yield line.text


def _read_object(place: Map, key: str, words: list[str], line: Line) -> None:
    condition = _condition(words)
    if key == "warp":
        name, x, y, _, target, entry = words
        place.warps[name] = (int(x), int(y), target, entry)
    elif key == "patch":
        assert condition is not None, line
        place.patches.append((int(words[0]), int(words[1]), words[2], condition))
    elif key in ("sign", "hidden", "trigger"):
        action = line.text.split(None, 3)[3].split()[0]
        action = f"give {words[2]}" if key == "hidden" else action
        thing = Thing(int(words[0]), int(words[1]), action, condition, blocks=False)
        (place.triggers if key == "trigger" else place.things).append(thing)
    elif key == "item":
        place.things.append(Thing(int(words[1]), int(words[2]), f"give {words[3]}", blocks=False))
    elif key == "trainer":
        action = f"battle {words[6]}"
        place.things.append(Thing(int(words[1]), int(words[2]), action, condition))
    else:
        stays = words[5] == "stay"
        place.things.append(Thing(int(words[1]), int(words[2]), words[6], condition, stays))


class Game:
    """All content, and the search over it."""

    def __init__(self) -> None:
        paths = sorted((CONTENT / "maps").glob("*.txt"))
        self.maps = {b.name: read_map(b) for path in paths for b in read_blocks(path)}
        self.kinds = {
            path.stem: {b.title.split()[1]: b.title.split()[2] for b in read_blocks(path)}
            for path in (CONTENT / "tiles").glob("*.txt")
        }
        self.letters = {
            path.stem: {b.title.split()[0]: b.title.split()[1] for b in read_blocks(path)}
            for path in (CONTENT / "tiles").glob("*.txt")
        }
        scripts = sorted((CONTENT / "scripts").glob("*.txt"))
        self.scripts = {b.name: list(b.lines) for path in scripts for b in read_blocks(path)}
        self.trainer_flags = {
            b.name: next(x.words[1] for x in b.lines if x.words[0] == "flag")
            for b in read_blocks(CONTENT / "trainers.txt")
        }
        self.world = {
            (m.origin[0] + x, m.origin[1] + y): (m.name, x, y)
            for m in self.maps.values()
            if m.origin is not None
            for y, row in enumerate(m.grid)
            for x in range(len(row))
        }
        self._open: dict[Cell, bool] = {}
        self._kinds: dict[Cell, str] = {}
        self.flags = {line.words[1] for line in read_lines(CONTENT / "flags.txt")}

    def place(self, cell: Cell) -> Map:
        """The cell's map; in a building that towns share the name goes on with "/TOWN"."""
        return self.maps[cell[0].partition("/")[0]]

    def kind(self, place: Map, x: int, y: int, done: Progress) -> str:
        cell = (place.name, x, y)
        if cell not in self._kinds:
            self._kinds[cell] = self._kind(place, x, y, done)
        return self._kinds[cell]

    def _kind(self, place: Map, x: int, y: int, done: Progress) -> str:
        letter = place.grid[y][x]
        for px, py, cell, condition in place.patches:
            if (px, py) == (x, y) and done.holds(condition):
                letter = self.letters[place.tileset][cell]
        return self.kinds[place.tileset][letter]

    def neighbour(self, cell: Cell, direction: str) -> Cell | None:
        name, x, y = cell
        dx, dy = STEPS[direction]
        place = self.place(cell)
        x, y = x + dx, y + dy
        if 0 <= y < len(place.grid) and 0 <= x < len(place.grid[0]):
            return (name, x, y)
        if place.origin is None:
            return None
        return self.world.get((place.origin[0] + x, place.origin[1] + y))

    def moves(self, cell: Cell, done: Progress) -> Iterator[Cell]:
        for direction in STEPS:
            target = self.neighbour(cell, direction)
            if target and self._is_ledge(target, done) and direction == "down":
                target = self.neighbour(target, direction)
            if target and target not in self._open:
                self._open[target] = self.enterable(target, done)
            if target and self._open[target]:
                yield self._arrival(target)

    def _is_ledge(self, cell: Cell, done: Progress) -> bool:
        return self.kind(self.place(cell), cell[1], cell[2], done) == "ledge"

    def enterable(self, cell: Cell, done: Progress) -> bool:
        _, x, y = cell
        place = self.place(cell)
        if self.kind(place, x, y, done) not in WALKABLE:
            return False
        people = (t for t in place.things if t.blocks and done.holds(t.condition))
        return (x, y) not in {(t.x, t.y) for t in people} and not self._turned_back(
            place, x, y, done
        )

    def _turned_back(self, place: Map, x: int, y: int, done: Progress) -> bool:
        return any(
            (t.x, t.y) == (x, y)
            and done.holds(t.condition)
            and any(line.words[0] == "step" for line in self.scripts[t.action])
            for t in place.triggers
        )

    def _arrival(self, cell: Cell) -> Cell:
        name, x, y = cell
        for wx, wy, target, entry in self.place(cell).warps.values():
            if (wx, wy) == (x, y):
                target = name.partition("/")[2] if target == "LAST" else target
                wx, wy, _, _ = self.maps[target].warps[entry]
                shared = any(back == "LAST" for *_, back, _ in self.maps[target].warps.values())
                return (f"{target}/{name}" if shared else target, wx, wy)
        return cell

    def reachable(self, done: Progress, start: Cell = START) -> set[Cell]:
        self._open.clear()
        self._kinds.clear()
        seen, queue = {start}, deque([start])
        while queue:
            for cell in self.moves(queue.popleft(), done):
                if cell not in seen:
                    seen.add(cell)
                    queue.append(cell)
        return seen

    def within_reach(self, thing: Thing, place: Map, cells: set[Cell], done: Progress) -> bool:
        cells = {(place.name, x, y) for name, x, y in cells if name.startswith(place.name)}
        for dx, dy in STEPS.values():
            near = (place.name, thing.x + dx, thing.y + dy)
            across = (place.name, thing.x + 2 * dx, thing.y + 2 * dy)
            if near in cells or (across in cells and self._is_counter(near, done)):
                return True
        return (place.name, thing.x, thing.y) in cells

    def _is_counter(self, cell: Cell, done: Progress) -> bool:
        return self.kind(self.place(cell), cell[1], cell[2], done) == "counter"

    def play(self, never: frozenset[str] = frozenset()) -> Iterator[tuple[Progress, set[Cell]]]:
        """Yield the progress and the reachable cells after every round that changed something."""
        done, taken, before = Progress(never=never), set[int](), -1
        while before != (before := len(done.flags) + len(taken)):
            cells = self.reachable(done)
            yield done, cells
            for place in self.maps.values():
                for thing in place.things:
                    in_reach = self.within_reach(thing, place, cells, done)
                    if in_reach and done.holds(thing.condition):
                        self._act(thing, done, taken)
                for thing in place.triggers:
                    if (place.name, thing.x, thing.y) in cells and done.holds(thing.condition):
                        self._act(thing, done, taken)

    def _act(self, thing: Thing, done: Progress, taken: set[int]) -> None:
        verb, _, name = thing.action.partition(" ")
        if verb == "battle":
            self._set(self.trainer_flags[name], done)
        elif verb == "give" and id(thing) not in taken:
            taken.add(id(thing))
            done.items[name] += 1
        elif thing.action in self.scripts:
            Run(self, done).script(thing.action)

    @staticmethod
    def _set(flag: str, done: Progress) -> None:
        if flag not in done.never:
            done.flags.add(flag)


class Run:
    """Interprets one script: says yes to every question, wins every battle."""

    def __init__(self, game: Game, done: Progress) -> None:
        self.game, self.done = game, done
        self.stopped = False

    def script(self, name: str) -> None:
        lines = self.game.scripts[name]
        depth_skipped, i = 0, 0
        while i < len(lines) and not self.stopped:
            verb = lines[i].words[0]
            if depth_skipped:
                depth_skipped += (verb in ("if", "ask")) - (verb == "end")
                depth_skipped -= verb == "else" and depth_skipped == 1
            elif verb == "if":
                depth_skipped = int(not self.true(" ".join(lines[i].words[1:])))
            elif verb == "else":
                depth_skipped = 1
            else:
                self.command(verb, lines[i].words[1:])
            i += 1

    def true(self, text: str) -> bool:
        return all(self._holds(part.split()) for part in text.split(" and "))

    def _holds(self, words: list[str]) -> bool:
        if words[0] == "not":
            return not self._holds(words[1:])
        return {
            "has": lambda: self.done.items[words[1]] > 0,
            "badge": lambda: words[1] in self.done.badges,
            "money": lambda: False,
            "fits": lambda: True,
            "party": lambda: "GOT_STARTER" in self.done.flags,
        }.get(words[0], lambda: words[0] in self.done.flags)()

    def command(self, verb: str, words: list[str]) -> None:
        done = self.done
        if verb == "set":
            self.game._set(words[0], done)
        elif verb == "give":
            done.items[words[0]] += 1
        elif verb == "take":
            done.items[words[0]] -= 1
        elif verb == "badge":
            done.badges.add(words[0])
        elif verb == "battle":
            self.game._set(self.game.trainer_flags[words[0]], done)
        elif verb == "call":
            self.script(words[0])
        elif verb == "stop":
            self.stopped = True


@pytest.fixture(scope="module")
def game() -> Game:
    return Game()


@pytest.fixture(scope="module")
def finished(game: Game) -> tuple[Progress, set[Cell]]:
    *_, last = game.play()
    return last


def test_every_flag_can_be_earned(game: Game, finished: tuple[Progress, set[Cell]]) -> None:
    done, _ = finished
    assert done.flags == game.flags
    assert len(game.flags) >= 29
    assert len(done.badges) == 3


def test_the_game_opens_in_many_rounds(game: Game) -> None:
    sizes = [len(cells) for _, cells in game.play()]
    assert sorted(set(sizes)) == list(dict.fromkeys(sizes)), "the world only ever grows"
    assert len(set(sizes)) >= 9


def test_one_can_always_walk_home(game: Game) -> None:
    for done, cells in game.play():
        back: dict[Cell, list[Cell]] = {}
        for cell in cells:
            for target in game.moves(cell, done):
                back.setdefault(target, []).append(cell)
        home, queue = {START}, deque([START])
        while queue:
            for cell in back.get(queue.popleft(), []):
                if cell not in home:
                    home.add(cell)
                    queue.append(cell)
        assert cells <= home, sorted(cells - home)[:5]


@pytest.mark.parametrize(
    ("flag", "beyond"),
    [
        ("GOT_STARTER", "REED_PATH"),
        ("GOT_LANTERN", "REED_PATH"),
        ("DELIVERED_LETTER", "HALL_OF_MOSS"),
        ("GOT_HALL_PASS", "HALL_OF_MOSS"),
        ("WOOD_GATE_OPEN", "GLOAM_WOOD"),
        ("ROCKFALL_CLEARED", "QUARRY"),
        ("LEVER_1", "SALTMERE"),
        ("LEVER_2", "SALTMERE"),
        ("BEAT_FOREMAN", "SALTMERE"),
    ],
)
def test_a_gate_stays_shut_without_its_flag(
    game: Game, finished: tuple[Progress, set[Cell]], flag: str, beyond: str
) -> None:
    *_, (_, cells) = game.play(never=frozenset([flag]))
    assert beyond not in {name for name, _, _ in cells}
    assert beyond in {name for name, _, _ in finished[1]}


@pytest.mark.parametrize("flag", ["BEACON_GATE_OPEN", "BEAT_WARDEN_SOL", "GOT_LANTERN"])
def test_the_great_lamp_needs(game: Game, flag: str) -> None:
    *_, (done, _) = game.play(never=frozenset([flag]))
    assert "BEACON_LIT" not in done.flags


def test_everything_on_the_maps_can_be_reached(
    game: Game, finished: tuple[Progress, set[Cell]]
) -> None:
    done, cells = finished
    lost = [
        (place.name, thing)
        for place in game.maps.values()
        for thing in place.things
        if not game.within_reach(thing, place, cells, done)
    ]
    assert not lost


def test_names_used_in_scripts_exist(game: Game) -> None:
    items = {b.name for b in read_blocks(CONTENT / "items.txt")}
    for name, lines in game.scripts.items():
        for line in lines:
            text = " ".join(line.words)
            if line.words[0] in ("set", "clear"):
                assert line.words[1] in game.flags, (name, text)
            if line.words[0] in ("give", "take", "if"):
                for item in re.findall(r"\b(?:has|give|take) (\w+)", text):
                    assert item in items, (name, text)
