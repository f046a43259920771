"""Font, tilesets, sprites, pictures and the title as pieces of ROM data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from compiler import art
from compiler.blocks import Block, ContentError, read_blocks
from compiler.charset import CODES, FIRST_FONT_TILE
from compiler.layout import Piece

KINDS = ("walk", "solid", "grass", "ledge", "water", "counter", "door")
WALKABLE_KINDS = ("walk", "grass", "door")
MAX_MAP_TILES = 96
MAX_CELLS = 64
TILESETS = ("outdoor", "indoor", "cave")
FRAMES = ("down", "up", "left", "down_walk", "up_walk", "left_walk")
TILES_PER_FRAME = 4
NO_GRASS_TILE = 0xFF

_FONT_NAMES = {"space": 0x7F, "HOLLOW": 0xEC, "CURSOR": 0xED, "MORE": 0xEE, "…": 0x75}
_FRAME_TILES = {
    "BOX_TL": 0x79,
    "BOX_H": 0x7A,
    "BOX_TR": 0x7B,
    "BOX_V": 0x7C,
    "BOX_BL": 0x7D,
    "BOX_BR": 0x7E,
}
_TEXT_TILES = {"COLON": 0x6D, **_FRAME_TILES}
_BATTLE_TILES = {
    "BAR_LEFT": 0x62,
    **{f"BAR_{i}": 0x63 + i for i in range(9)},
    "BAR_RIGHT": 0x6D,
    "LV": 0x6E,
    "HP_LABEL": 0x71,
    "PP_LABEL": 0x72,
    "ID": 0x73,
    "NUMBER": 0x74,
    **_FRAME_TILES,
}
TEXT_TILES_FIRST, TEXT_TILES_COUNT = 0x60, 32
BATTLE_TILES_FIRST, BATTLE_TILES_COUNT = 0x62, 30
TEXT_TILE_CHARACTERS = {0x6D: ":", 0x75: "…"}
BATTLE_TILE_CHARACTERS = {0x6E: "Lv", 0x73: "ID", 0x74: "№", 0x75: "…"}


@dataclass
class Tileset:
    """One set of map cells: their tiles, kinds and letters."""

    name: str
    tiles: list[bytes] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    cells: list[tuple[int, int, int, int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    letters: dict[str, int] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        """Add one cell.

        Raises:
            ContentError: If its header or art is wrong, or the set is full.
        """
        try:
            name, letter, kind = block.title.split()
        except ValueError:
            raise block.header.error("expected '= NAME CHAR KIND'") from None
        if kind not in KINDS:
            raise block.header.error(f"{kind!r} is none of {KINDS}")
        if letter in self.letters or name in self.names:
            raise block.header.error(f"{letter!r} or {name} is taken")
        pieces = art.tiles(art.read_pixels(block, 16, 16))
        group = kind if kind == "grass" else "floor" if kind in WALKABLE_KINDS else "blocked"
        groups: tuple[str | None, ...] = (None, None, group, None)
        top_left, top_right, bottom_left, bottom_right = map(self._tile, pieces, groups)
        self.cells.append((top_left, top_right, bottom_left, bottom_right))
        self.letters[letter] = len(self.kinds)
        self.kinds.append(kind)
        self.names.append(name)
        if len(self.cells) > MAX_CELLS or len(self.tiles) > MAX_MAP_TILES:
            raise block.header.error(
                f"{len(self.cells)} cells (at most {MAX_CELLS}), "
                f"{len(self.tiles)} tiles (at most {MAX_MAP_TILES})"
            )

    def _tile(self, data: bytes, group: str | None) -> int:
        """Find or add a tile; a lower left one, that people stand on, is shared within a group."""
        for i, known in enumerate(self.tiles):
            if known == data and (group is None or self.groups[i] in (None, group)):
                self.groups[i] = self.groups[i] or group
                return i
        self.tiles.append(data)
        self.groups.append(group)
        return len(self.tiles) - 1

    @property
    def walkable_tiles(self) -> list[int]:
        """Ids of the tiles one can stand on."""
        return [i for i, group in enumerate(self.groups) if group in ("floor", "grass")]

    @property
    def grass_tile(self) -> int:
        """Id of the tile under tall grass."""
        return self.groups.index("grass") if "grass" in self.groups else NO_GRASS_TILE

    def cell(self, name: str) -> int:
        """Return the number of the cell of that name.

        Raises:
            ContentError: If there is none.
        """
        if name not in self.names:
            raise ContentError(
                f"tileset {self.name} has no cell {name}; it has {', '.join(self.names)}"
            )
        return self.names.index(name)

    def pieces(self) -> list[Piece]:
        """Tiles, cells (4 tiles each, 64 of them) and kinds."""
        cells = b"".join(bytes(cell) for cell in self.cells).ljust(4 * MAX_CELLS, b"\0")
        kinds = bytes(KINDS.index(kind) for kind in self.kinds).ljust(MAX_CELLS, b"\1")
        return [
            Piece(f"tiles:{self.name}", (b"".join(self.tiles),)),
            Piece(f"cells:{self.name}", (cells,)),
            Piece(f"kinds:{self.name}", (kinds,)),
        ]


def read_tilesets(content: Path) -> dict[str, Tileset]:
    """Read `tiles/*.txt`."""
    tilesets = {}
    for name in TILESETS:
        tilesets[name] = Tileset(name)
        for block in read_blocks(content / "tiles" / f"{name}.txt"):
            tilesets[name].add(block)
    return tilesets


def read_font(content: Path) -> list[Piece]:
    """Font (128 tiles, one bit a pixel) and the two sets of frame and battle tiles."""
    font = [bytes(8)] * 128
    for block in read_blocks(content / "font.txt"):
        code = _FONT_NAMES.get(block.title, CODES.get(block.title))
        if code is not None and code >= FIRST_FONT_TILE:
            font[code - FIRST_FONT_TILE] = art.one_bit(_glyph(block))
    hud = {
        block.title: _glyph(block)
        for block in [*read_blocks(content / "hud.txt"), *read_blocks(content / "font.txt")]
    }
    ellipsis = {0x75: hud["…"]}
    text_tiles = {code: hud[name] for name, code in _TEXT_TILES.items()} | ellipsis
    battle_tiles = {code: hud[name] for name, code in _BATTLE_TILES.items()} | ellipsis
    return [
        Piece("font", (b"".join(font),)),
        Piece("text tiles", (_tile_range(text_tiles, TEXT_TILES_FIRST, TEXT_TILES_COUNT),)),
        Piece("battle tiles", (_tile_range(battle_tiles, BATTLE_TILES_FIRST, BATTLE_TILES_COUNT),)),
    ]


def _glyph(block: Block) -> bytes:
    pixels = art.read_pixels(block, 8, 8)
    return art.tile(pixels, 0, 0)


def _tile_range(tiles: dict[int, bytes], first: int, count: int) -> bytes:
    return b"".join(tiles.get(first + i, art.BLANK_TILE) for i in range(count))


@dataclass(frozen=True)
class Sprite:
    """A walking sprite's tiles in the order of FRAMES, or the one frame of a thing."""

    name: str
    tiles: bytes

    @property
    def num_frames(self) -> int:
        """1 or 6."""
        return len(self.tiles) // (16 * TILES_PER_FRAME)


def read_sprites(content: Path) -> dict[str, Sprite]:
    """Read `sprites/*.txt`; PLAYER comes first."""
    frames: dict[str, dict[str, bytes]] = {}
    for path in sorted((content / "sprites").glob("*.txt")):
        for block in read_blocks(path):
            name, frame = block.title.split()
            frames.setdefault(name, {})[frame] = b"".join(art.tiles(art.read_pixels(block, 16, 16)))
    sprites = {}
    for name in sorted(frames, key=lambda name: (name != "PLAYER", name)):
        order = FRAMES if len(frames[name]) > 1 else ("down",)
        missing = [frame for frame in order if frame not in frames[name]]
        if missing:
            raise ContentError(f"sprite {name} lacks {missing}")
        sprites[name] = Sprite(name, b"".join(frames[name][frame] for frame in order))
    return sprites


def read_pictures(content: Path) -> list[Piece]:
    """Pictures of species, trainers and the player, named `picture:NAME front|back`."""
    sizes = {"front": 40, "back": 32}
    pieces = []
    for path in sorted((content / "pictures").glob("*.txt")):
        for block in read_blocks(path):
            name, side = block.title.split()
            pixels = art.read_pixels(block, sizes[side], sizes[side])
            pieces.append(Piece(f"picture:{name} {side}", (b"".join(art.tiles(pixels)),)))
    return pieces


def read_title(content: Path) -> list[Piece]:
    """The title picture as its different tiles and a map of them, 20 tiles a row."""
    (block,) = read_blocks(content / "title.txt")
    pieces = art.tiles(art.read_pixels(block, 160, None))
    distinct = [art.BLANK_TILE, *sorted(set(pieces) - {art.BLANK_TILE})]
    if len(distinct) > MAX_MAP_TILES:
        raise block.header.error(f"{len(distinct)} different tiles; at most {MAX_MAP_TILES}")
    blank_as = {0: 0x7F}
    tile_map = bytes(blank_as.get(i, i) for i in (distinct.index(piece) for piece in pieces))
    return [Piece("title tiles", (b"".join(distinct),)), Piece("title map", (tile_map,))]
