"""Reading map files: grid, warps, people, signs and what else stands on a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from compiler.blocks import ContentError, Line, number, read_lines
from compiler.graphics import Tileset
from compiler.scripts import quoted_text

FIRST_INDOOR_ID = 37
LAST_ID = 60
FACINGS = {"down": 0x0, "up": 0x4, "left": 0x8, "right": 0xC}
MOVEMENTS = {"stay": 0, "wander": 1, "wander_ud": 2, "wander_lr": 3}
MAX_PEOPLE, MAX_WARPS, MAX_SIGNS, MAX_TRIGGERS = 14, 10, 14, 8


@dataclass(frozen=True)
class Warp:
    """A cell that leads to the warp `target` of map `to`."""

    name: str
    x: int
    y: int
    to: str
    target: str
    line: Line


@dataclass(frozen=True)
class Thing:
    """A person, trainer, item ball, sign, trigger or hidden item with its words as written."""

    kind: str
    name: str
    x: int
    y: int
    words: tuple[str, ...]
    condition: tuple[str, str] | None  # ("if" | "unless", flag)
    text: str | None
    line: Line


@dataclass(frozen=True)
class Patch:
    """Another cell at (x, y) while a condition holds."""

    x: int
    y: int
    cell: str
    condition: tuple[str, str]
    line: Line


@dataclass
class Map:
    """One map file."""

    name: str
    line: Line
    identity: int = -1
    tileset: str = ""
    origin: tuple[int, int] | None = None
    border: str = ""
    rows: list[Line] = field(default_factory=list)
    warps: list[Warp] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    wild_rate: int = 0
    wild: list[tuple[str, int, int, int]] = field(default_factory=list)
    hearth: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Cells from west to east."""
        return len(self.rows[0].text)

    @property
    def height(self) -> int:
        """Cells from north to south."""
        return len(self.rows)

    @property
    def is_outdoor(self) -> bool:
        """Whether it is a region of the one world grid."""
        return self.identity < FIRST_INDOOR_ID

    def people(self) -> list[Thing]:
        """Npcs, trainers and item balls, in the order of their sprite slots."""
        return [thing for thing in self.things if thing.kind in ("npc", "trainer", "item")]

    def of_kind(self, *kinds: str) -> list[Thing]:
        """Things of some kinds."""
        return [thing for thing in self.things if thing.kind in kinds]

    def cells(self, tileset: Tileset) -> list[list[int]]:
        """The grid as cell numbers.

        Raises:
            ContentError: If a letter is no cell, or rows differ in length.
        """
        for row in self.rows:
            if len(row.text) != self.width:
                raise row.error(f"{len(row.text)} cells; the first row has {self.width}")
            unknown = sorted(set(row.text) - set(tileset.letters))
            if unknown:
                raise row.error(f"{unknown} are no cells of tileset {tileset.name}")
        return [[tileset.letters[letter] for letter in row.text] for row in self.rows]


def read_maps(content: Path) -> dict[str, Map]:
    """Read `maps/*.txt` by name, in order of their ids."""
    maps = [_read_map(path) for path in sorted((content / "maps").glob("*.txt"))]
    maps.sort(key=lambda map_: map_.identity)
    for before, after in pairwise(maps):
        if before.identity == after.identity:
            raise after.line.error(f"id {after.identity} is taken by {before.name}")
    return {map_.name: map_ for map_ in maps}


def _read_map(path: Path) -> Map:
    lines = read_lines(path)
    if not lines or not lines[0].text.startswith("= "):
        raise ContentError(f"{path.name}: the first line must be '= NAME'")
    map_ = Map(lines[0].text[2:].strip(), lines[0])
    rest = iter(lines[1:])
    for line in rest:
        if line.words[0] == "grid":
            for row in rest:
                if row.text == "end":
                    break
                map_.rows.append(row)
        else:
            _read_line(map_, line)
    _check(map_)
    return map_


def _read_line(map_: Map, line: Line) -> None:
    words = _without_text(line)
    condition = None
    if len(words) > 2 and words[-2] in ("if", "unless"):
        condition = (words[-2], words[-1])
        words = words[:-2]
    match words:
        case ["id", identity]:
            map_.identity = number(line, identity, 0, LAST_ID)
        case ["tileset", name]:
            map_.tileset = name
        case ["at", x, y]:
            map_.origin = (number(line, x, 0, 255), number(line, y, 0, 255))
        case ["border", cell]:
            map_.border = cell
        case ["hearth", x, y]:
            map_.hearth = (int(x), int(y))
        case ["wild", rate, *_]:
            map_.wild_rate = number(line, rate, 1, 255)
            map_.wild = [
                _wild(part.split(), line) for part in line.text.split(None, 2)[2].split(",")
            ]
        case ["patch", x, y, cell] if condition is not None:
            map_.patches.append(Patch(int(x), int(y), cell, condition, line))
        case ["warp", name, x, y, "to", to, target]:
            map_.warps.append(Warp(name, int(x), int(y), to, target, line))
        case ["sign" | "trigger" | "hidden" as kind, x, y, *more]:
            map_.things.append(
                Thing(kind, "", int(x), int(y), tuple(more), condition, quoted_text(line), line)
            )
        case ["npc" | "trainer" | "item" as kind, name, x, y, *more]:
            map_.things.append(
                Thing(kind, name, int(x), int(y), tuple(more), condition, quoted_text(line), line)
            )
        case _:
            raise line.error("not understood")


def _without_text(line: Line) -> list[str]:
    text = quoted_text(line)
    return line.words if text is None else line.text.replace(f'"{text}"', " ").split()


def _wild(words: list[str], line: Line) -> tuple[str, int, int, int]:
    try:
        species, levels, weight = words
        low, _, high = levels.partition("-")
        return species, int(low), int(high or low), int(weight)
    except ValueError:
        raise line.error("expected 'wild RATE SPECIES LOW-HIGH PERCENT, ...'") from None


def _check(map_: Map) -> None:
    if not map_.rows or map_.identity < 0 or not map_.tileset:
        raise map_.line.error("needs 'id', 'tileset' and 'grid'")
    if map_.is_outdoor != (map_.origin is not None):
        raise map_.line.error(
            "outdoor maps (id below 37) need 'at X Y', indoor ones must not have it"
        )
    limits = (
        ("people and items", map_.people(), MAX_PEOPLE),
        ("warps", map_.warps, MAX_WARPS),
        ("signs and hidden items", map_.of_kind("sign", "hidden"), MAX_SIGNS),
        ("triggers", map_.of_kind("trigger"), MAX_TRIGGERS),
    )
    for what, things, limit in limits:
        if len(things) > limit:
            raise map_.line.error(f"{len(things)} {what}; at most {limit}")
    spots: list[Warp | Thing | Patch] = [*map_.warps, *map_.things, *map_.patches]
    for spot in spots:
        if not (0 <= spot.x < map_.width and 0 <= spot.y < map_.height):
            raise spot.line.error(
                f"({spot.x}, {spot.y}) is outside the {map_.width}x{map_.height} grid"
            )
