"""Maps to ROM data: the world grid, map headers, and the scripts that signs and items imply."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.blocks import ContentError, Line, read_lines
from compiler.charset import encode_name
from compiler.graphics import TILESETS, WALKABLE_KINDS, Sprite, Tileset
from compiler.layout import Piece, Ref
from compiler.maps import FACINGS, MOVEMENTS, Map, Thing, Warp
from compiler.scripts import Names, ScriptCompiler, script_lines
from compiler.tables import Tables, lookup

MARGIN = 6  # cells of border round every grid, so that the screen never looks past its end
WORLD_LIMIT = 255
FIRST_PEOPLE_TILE = 24  # the player's six frames come first
NUM_SPRITE_TILES = 128
MAX_PATCHES = 40
ALWAYS = 0xFFFF
HEADER_SIZE = 63
NUM_WILD_SLOTS = 10
# Share of each wild slot in 256, as in the original.
WILD_SLOT_WEIGHTS = (51, 51, 39, 25, 25, 25, 13, 13, 11, 3)
LAST_MAP = 0xFF
NOT_HIDDEN = 0xFF


@dataclass(frozen=True)
class World:
    """All maps and what their data needs.

    Attributes:
        maps: By name, in order of ids.
        tilesets: By name.
        sprites: By name, PLAYER first.
        tables: Species, items, flags.
        border: Cell outside all regions.
        script_names: Scripts of scripts/*.txt.
    """

    maps: dict[str, Map]
    tilesets: dict[str, Tileset]
    sprites: dict[str, Sprite]
    tables: Tables
    border: str
    script_names: set[str]

    def warps_of(self, map_: Map) -> list[Warp]:
        """Warps in the order of their numbers: first those that shared interiors lead back to."""
        shared = {
            warp.target for other in self.maps.values() for warp in other.warps if warp.to == "LAST"
        }
        return sorted(
            map_.warps,
            key=lambda warp: (warp.name not in shared, warp.name if warp.name in shared else ""),
        )

    def warp_number(self, map_: Map, name: str, line: Line) -> int:
        """Number of a warp of a map by name."""
        names = [warp.name for warp in self.warps_of(map_)]
        if name not in names:
            raise line.error(f"map {map_.name} has no warp {name!r}; it has {names}")
        return names.index(name)

    def destination(self, warp: Warp) -> tuple[int, int]:
        """Map id and warp number a warp leads to; the id is LAST_MAP for shared interiors."""
        if warp.to != "LAST":
            if warp.to not in self.maps:
                raise warp.line.error(f"no map {warp.to!r}")
            target = self.maps[warp.to]
            return target.identity, self.warp_number(target, warp.target, warp.line)
        doors = [
            map_ for map_ in self.maps.values() if warp.target in [door.name for door in map_.warps]
        ]
        numbers = {self.warp_number(map_, warp.target, warp.line) for map_ in doors}
        if len(numbers) != 1:
            raise warp.line.error(
                f"{warp.target!r} must be a warp of some outdoor map, with one number in all"
            )
        return LAST_MAP, numbers.pop()

    def toggles(self) -> dict[str, int]:
        """Hide bit of every person and item, by `MAP.name`."""
        names = [
            f"{map_.name}.{thing.name}" for map_ in self.maps.values() for thing in map_.people()
        ]
        if len(names) > 250:
            raise ContentError(f"{len(names)} people and items in all; at most 250")
        return {name: i for i, name in enumerate(names)}

    def hidden_items(self) -> list[Thing]:
        """All hidden items, in the order of their flags."""
        return [thing for map_ in self.maps.values() for thing in map_.of_kind("hidden")]

    def names(self) -> Names:
        """What scripts may refer to."""
        warps = {
            f"{map_.name}.{warp.name}": (map_.identity, number)
            for map_ in self.maps.values()
            for number, warp in enumerate(self.warps_of(map_))
        }
        return Names(self.toggles(), warps, self.script_names)


def grid_size(world: World) -> tuple[int, int]:
    """Width and height of the world grid with its margin.

    Raises:
        ContentError: If it is too large.
    """
    outdoors = [map_ for map_ in world.maps.values() if map_.origin]
    left = min(map_.origin[0] for map_ in outdoors if map_.origin)
    top = min(map_.origin[1] for map_ in outdoors if map_.origin)
    width = max(map_.origin[0] + map_.width for map_ in outdoors if map_.origin) - left + 2 * MARGIN
    height = (
        max(map_.origin[1] + map_.height for map_ in outdoors if map_.origin) - top + 2 * MARGIN
    )
    if width > WORLD_LIMIT or height > WORLD_LIMIT or width * height > 0x4000:
        raise ContentError(
            f"the outdoor maps span {width}x{height} cells; at most 255 a side and 16384 in all"
        )
    return width, height


def grid_origin(world: World, map_: Map) -> tuple[int, int]:
    """Where an outdoor map's cell (0, 0) lies in the world grid."""
    if map_.origin is None:
        return MARGIN, MARGIN
    left = min(other.origin[0] for other in world.maps.values() if other.origin)
    top = min(other.origin[1] for other in world.maps.values() if other.origin)
    return map_.origin[0] - left + MARGIN, map_.origin[1] - top + MARGIN


def grids(world: World) -> list[Piece]:
    """The world grid and one grid for every interior."""
    width, height = grid_size(world)
    outdoor = [[world.tilesets["outdoor"].cell(world.border)] * width for _ in range(height)]
    taken: dict[tuple[int, int], str] = {}
    pieces = []
    for map_ in world.maps.values():
        tileset = _tileset(world, map_)
        cells = map_.cells(tileset)
        if map_.is_outdoor:
            _paste(outdoor, cells, grid_origin(world, map_), map_, taken)
        else:
            border = tileset.cell(map_.border) if map_.border else 0
            rows = [[border] * (map_.width + 2 * MARGIN) for _ in range(map_.height + 2 * MARGIN)]
            _paste(rows, cells, (MARGIN, MARGIN), map_, {})
            pieces.append(
                Piece(f"grid:{map_.name}", (bytes(cell for row in rows for cell in row),))
            )
    return [Piece("grid:world", (bytes(cell for row in outdoor for cell in row),)), *pieces]


def _paste(
    rows: list[list[int]],
    cells: list[list[int]],
    origin: tuple[int, int],
    map_: Map,
    taken: dict[tuple[int, int], str],
) -> None:
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            spot = (origin[0] + x, origin[1] + y)
            if spot in taken:
                raise map_.line.error(f"overlaps {taken[spot]} at its cell ({x}, {y})")
            taken[spot] = map_.name
            rows[spot[1]][spot[0]] = cell


def _tileset(world: World, map_: Map) -> Tileset:
    if map_.tileset not in world.tilesets:
        raise map_.line.error(f"no tileset {map_.tileset!r}; there are {TILESETS}")
    return world.tilesets[map_.tileset]


class MapCompiler:
    """Makes the header piece of each map, and the scripts its lines imply."""

    def __init__(self, world: World, scripts: ScriptCompiler) -> None:
        self._world = world
        self._scripts = scripts
        self._toggles = world.toggles()
        self._hidden = {thing.line: i for i, thing in enumerate(world.hidden_items())}
        self._sprite_numbers = {name: i for i, name in enumerate(world.sprites)}
        self.implied: list[Piece] = []

    def compile(self, map_: Map) -> Piece:
        """Make one map's header with its warps, signs, people, triggers, patches and sprites."""
        self._check_cells(map_)
        name = f"map:{map_.name}"
        patches = self._patches(map_)
        sprites, first_tiles = self._sprites(map_)
        sections: list[list[tuple[bytes | Ref, ...]]] = [
            [
                (bytes([warp.y, warp.x, *reversed(self._world.destination(warp))]),)
                for warp in self._world.warps_of(map_)
            ],
            [self._sign(map_, thing) for thing in map_.of_kind("sign", "hidden")],
            [self._person(map_, thing, first_tiles) for thing in map_.people()],
            [self._trigger(map_, thing) for thing in map_.of_kind("trigger")],
            patches,
            sprites,
        ]
        head: list[bytes | Ref] = [self._head(map_), *self._grid(map_)]
        body: list[bytes | Ref] = []
        offset = HEADER_SIZE
        for section in sections:
            head += [bytes([len(section)]), Ref(name, offset)]
            parts = [part for record in section for part in record]
            body += parts
            offset += sum(part.size if isinstance(part, Ref) else len(part) for part in parts)
        piece = Piece(name, (*head, self._tail(map_), *body))
        assert piece.size == offset
        return piece

    def _head(self, map_: Map) -> bytes:
        return bytes([TILESETS.index(map_.tileset), map_.height, map_.width])

    def _grid(self, map_: Map) -> list[bytes | Ref]:
        x, y = grid_origin(self._world, map_)
        stride = grid_size(self._world)[0] if map_.is_outdoor else map_.width + 2 * MARGIN
        grid = "grid:world" if map_.is_outdoor else f"grid:{map_.name}"
        # Bank, then the address of cell (-5, -5): the far pointer's bytes in the struct's order.
        corner = Ref(grid, (y - 5) * stride + x - 5)
        return [Ref(grid, bank_only=True), corner, bytes([stride, y - 5, x - 5])]

    def _tail(self, map_: Map) -> bytes:
        hearth = (map_.hearth[1], map_.hearth[0]) if map_.hearth else (0, 0)
        everywhere = 1 if map_.tileset == "cave" and map_.wild else 0
        town = map_.identity + 1 if map_.hearth else 0
        name = encode_name(map_.name[:10], 11, map_.line)
        return bytes([map_.wild_rate, *self._wild(map_), *hearth, everywhere, town]) + name

    def _wild(self, map_: Map) -> list[int]:
        """Ten (level, species) slots whose weights come near the percentages."""
        if not map_.wild:
            return [0] * (2 * NUM_WILD_SLOTS)
        total = sum(weight for *_, weight in map_.wild)
        missing = [weight * 256 / total for *_, weight in map_.wild]
        used = [0] * len(map_.wild)
        slots = []
        for weight in WILD_SLOT_WEIGHTS:
            i = max(range(len(missing)), key=missing.__getitem__)
            missing[i] -= weight
            species, low, high, _ = map_.wild[i]
            level = low + used[i] % (high - low + 1)
            used[i] += 1
            lookup(self._world.tables.species, species, "species", map_.line)
            slots += [level, self._world.tables.species_ids[species]]
        return slots

    def _condition(self, condition: tuple[str, str] | None, line: Line) -> bytes:
        if condition is None:
            return ALWAYS.to_bytes(2, "little")
        flag = lookup(self._world.tables.flags, condition[1], "flag", line)
        return (flag | (0x8000 if condition[0] == "unless" else 0x4000)).to_bytes(2, "little")

    def _script(self, map_: Map, thing: Thing, word: str | None) -> Ref:
        """The script a thing names, or the one its text or kind implies."""
        if thing.text is not None:
            return self._imply(map_, thing, f"say {thing.text}")
        if word is None or word not in self._world.script_names:
            raise thing.line.error(f"no script {word!r}")
        return Ref(f"script:{word}", far=True)

    def _imply(self, map_: Map, thing: Thing, *commands: str) -> Ref:
        name = f"implied:{map_.name}:{thing.line.number}"
        self.implied.append(
            self._scripts.compile(name, script_lines(thing.line, *commands), map_.name)
        )
        return Ref(name, far=True)

    def _sign(self, map_: Map, thing: Thing) -> tuple[bytes | Ref, ...]:
        spot = bytes([thing.y, thing.x])
        if thing.kind == "sign":
            return (
                spot,
                self._script(map_, thing, thing.words[0] if thing.words else None),
                bytes([NOT_HIDDEN]),
            )
        number = self._hidden[thing.line]
        script = self._imply(
            map_, thing, f"give {' '.join(thing.words)}", "if fits", f"found {number}", "end"
        )
        return spot, script, bytes([number])

    def _trigger(self, map_: Map, thing: Thing) -> tuple[bytes | Ref, ...]:
        script = self._script(map_, thing, thing.words[0] if thing.words else None)
        return bytes([thing.y, thing.x]), script, self._condition(thing.condition, thing.line)

    def _patches(self, map_: Map) -> list[tuple[bytes | Ref, ...]]:
        """Outdoors every region knows the patches of all, for neighbours are in sight."""
        outdoors = [other for other in self._world.maps.values() if other.is_outdoor]
        records: list[tuple[bytes | Ref, ...]] = []
        for other in outdoors if map_.is_outdoor else [map_]:
            x, y = grid_origin(self._world, other)
            for patch in other.patches:
                cell = _tileset(self._world, other).cell(patch.cell)
                spot = bytes([y + patch.y, x + patch.x, cell])
                records.append((spot + self._condition(patch.condition, patch.line),))
        if len(records) > MAX_PATCHES:
            raise map_.line.error(f"{len(records)} patches outdoors or here; at most {MAX_PATCHES}")
        return records

    def _sprites(
        self, map_: Map
    ) -> tuple[list[tuple[bytes | Ref, ...]], dict[str, tuple[int, int]]]:
        """Which sprites' tiles go where: the engine's records, and (first tile, frames) by name."""
        walking: dict[str, bool] = {}
        for thing in map_.people():
            sprite = self._sprite_of(thing)
            walks = thing.kind == "trainer" or (
                thing.kind == "npc" and len(thing.words) > 2 and thing.words[2] != "stay"
            )
            walking[sprite] = walking.get(sprite, False) or walks
        records: list[tuple[bytes | Ref, ...]] = []
        places = {}
        tile = FIRST_PEOPLE_TILE
        for name, walks in walking.items():
            sprite_frames = self._world.sprites[name].num_frames
            frames = 1 if sprite_frames == 1 else 6 if walks else 3
            records.append((bytes([self._sprite_numbers[name], tile, frames * 4]),))
            places[name] = (tile, frames)
            tile += frames * 4
        if tile > NUM_SPRITE_TILES:
            raise map_.line.error(
                f"its sprites need {tile} tiles; {NUM_SPRITE_TILES} fit "
                "(player 24; each kind 24 if one of it walks, else 12; a thing 4)"
            )
        return records, places

    def _sprite_of(self, thing: Thing) -> str:
        name = "BALL" if thing.kind == "item" else thing.words[0] if thing.words else ""
        if name not in self._world.sprites:
            raise thing.line.error(
                f"no sprite {name!r}; there are {', '.join(self._world.sprites)}"
            )
        return name

    def _person(
        self, map_: Map, thing: Thing, first_tiles: dict[str, tuple[int, int]]
    ) -> tuple[bytes | Ref, ...]:
        sprite = self._sprite_of(thing)
        facing = movement = sight = 0
        beaten = 0
        if thing.kind == "item":
            script = self._imply(
                map_, thing, f"give {' '.join(thing.words)}", "if fits", f"hide {thing.name}", "end"
            )
        else:
            facing = lookup(FACINGS, thing.words[1], "facing", thing.line)
            if thing.kind == "npc":
                movement = lookup(MOVEMENTS, thing.words[2], "movement", thing.line)
                script = self._script(map_, thing, thing.words[3] if len(thing.words) > 3 else None)
            else:
                sight = int(thing.words[2])
                script, beaten = self._trainer(map_, thing)
        toggle = self._toggles[f"{map_.name}.{thing.name}"]
        tile, frames = first_tiles[sprite]
        head = bytes([thing.y, thing.x, self._sprite_numbers[sprite], facing, movement, sight])
        tail = bytes([toggle, tile, frames]) + beaten.to_bytes(2, "little")
        return head, script, self._condition(thing.condition, thing.line), tail

    def _trainer(self, map_: Map, thing: Thing) -> tuple[Ref, int]:
        tables = self._world.tables
        name = thing.words[3]
        lookup(tables.trainers, name, "trainer", thing.line)
        fields = tables.trainer_blocks[name]
        flag = fields.words("flag")[0]
        script = self._imply(
            map_, thing,
            f"if {flag}", f"say {fields.text('after')}", "stop", "end",
            f"say {fields.text('before')}", f"battle {name}",
        )  # fmt: skip
        return script, lookup(tables.flags, flag, "flag", fields.line("flag"))

    def _check_cells(self, map_: Map) -> None:
        tileset = _tileset(self._world, map_)
        cells = map_.cells(tileset)
        for warp in map_.warps:
            if tileset.kinds[cells[warp.y][warp.x]] not in WALKABLE_KINDS:
                raise warp.line.error(
                    f"the cell {map_.rows[warp.y].text[warp.x]!r} there cannot be walked on"
                )
        for thing in map_.people():
            kind = tileset.kinds[cells[thing.y][thing.x]]
            if kind not in WALKABLE_KINDS and kind != "counter":
                raise thing.line.error(f"the cell there is {kind}: nobody can stand on it")


def regions(world: World) -> list[tuple[int, int, int, int, int]]:
    """(map id, y, x, height, width) of the outdoor maps in the world grid."""
    rows = []
    for map_ in world.maps.values():
        if map_.is_outdoor:
            x, y = grid_origin(world, map_)
            rows.append((map_.identity, y, x, map_.height, map_.width))
    return rows


def read_game(content: Path) -> dict[str, list[str]]:
    """Read `game.txt`: one setting a line."""
    return {line.words[0]: line.words[1:] for line in read_lines(content / "game.txt")}
