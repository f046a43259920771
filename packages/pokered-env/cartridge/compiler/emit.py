"""The generated C: places of the data, tables of the home banks, the engine's strings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compiler.blocks import Line, read_lines
from compiler.charset import END, encode, encode_message, encode_name
from compiler.graphics import TILESETS
from compiler.layout import Piece, Place
from compiler.scripts import DIRECTIONS
from compiler.tables import EFFECTS, FIRST_SPECIAL_TYPE
from compiler.world import World, regions

_STRUCTS = """
struct tileset {
  struct far tiles, cells, kinds;
  u16 tiles_length;
  const u8 *walkable;
  u8 grass_tile;
};
struct region {
  u8 map, y, x, height, width;
};
extern const struct tileset tilesets[];
extern const struct region regions[];
extern const struct far map_headers[];
extern const struct far sprites[];
extern const u8 species_index[];
extern const u8 type_chart[];
extern const u8 badge_names[][13];
extern const u8 stat_names[][13];
"""
LIST_END = 0xFF
STAT_NAMES = ("ATTACK", "DEFENSE", "SPEED", "SPECIAL", "ACCURACY")
_PLACED = {
    "FONT": "font",
    "TEXT_TILES": "text tiles",
    "BATTLE_TILES": "battle tiles",
    "TITLE_TILES": "title tiles",
    "TITLE_MAP": "title map",
    "MOVES": "moves",
    "SPECIES": "species",
    "ITEMS": "items",
    "TRAINERS": "trainers",
    "SHOPS": "shops",
    "SCRIPT_INTRO": "script:INTRO",
    "SCRIPT_CREDITS": "script:CREDITS",
    "SCRIPT_BLACKOUT": "script:BLACKOUT",
    "PICTURE_PLAYER": "picture:PLAYER back",
}


def content_header(
    world: World, game: dict[str, list[str]], pieces: dict[str, Piece], places: dict[str, Place]
) -> str:
    """Make content.h: where things lie, how many there are, how the game starts."""
    start_map, x, y, direction = game["start"]
    start = world.maps[start_map]
    outside = next(world.maps[warp.to] for warp in start.warps if warp.to in world.maps)
    numbers = {
        "NUM_SPECIES": len(world.tables.species),
        "NUM_ITEMS": len(world.tables.items),
        "NUM_REGIONS": len(regions(world)),
        "SPRITE_PLAYER": 0,
        "FIRST_SPECIAL_TYPE": FIRST_SPECIAL_TYPE,
        "START_MAP": start.identity,
        "START_X": int(x),
        "START_Y": int(y),
        "START_DIRECTION": DIRECTIONS[direction],
        "START_OUTDOOR_MAP": outside.identity,
        "START_MONEY": int(game["money"][0]),
        **{f"EFFECT_{name.upper()}": i for i, name in enumerate(EFFECTS)},
    }
    for macro, name in _PLACED.items():
        numbers |= {f"{macro}_BANK": places[name].bank, f"{macro}_ADDRESS": places[name].address}
        numbers[f"{macro}_LENGTH"] = pieces[name].size
    defines = "\n".join(f"#define {name} {value}" for name, value in numbers.items())
    return _guarded("CONTENT_H", f'#include "private.h"\n{defines}\n{_STRUCTS}\n')


def content_source(world: World, places: dict[str, Place]) -> str:
    """Make content.c: the tables the engine reads without switching banks."""
    by_id = {map_.identity: map_ for map_ in world.maps.values()}
    headers = [
        _far(places[f"map:{by_id[i].name}"]) if i in by_id else "{0, 0}"
        for i in range(max(by_id) + 1)
    ]
    species = [0, *world.tables.species_ids.values()]
    chart = [number for row in world.tables.type_chart for number in row]
    lines = ['#include "content.h"']
    for name in TILESETS:
        walkable = [*world.tilesets[name].walkable_tiles, LIST_END]
        lines.append(_bytes(f"static const u8 walkable_{name}[]", walkable))
    lines += [
        _structs("tileset tilesets", [_tileset(world, places, name) for name in TILESETS]),
        _structs("region regions", [_braces(row) for row in regions(world)]),
        _structs("far map_headers", headers),
        _structs("far sprites", [_far(places[f"sprite:{name}"]) for name in world.sprites]),
        _bytes("const u8 species_index[]", species),
        _bytes("const u8 type_chart[]", [*chart, LIST_END]),
        _names("badge_names", world.tables.badges),
        _names("stat_names", STAT_NAMES),
    ]
    return "\n".join(lines) + "\n"


def strings(path: Path, game: dict[str, list[str]]) -> tuple[str, str]:
    """Make strings.h and strings.c from src/strings.txt and the names in game.txt."""
    lines = read_lines(path)
    codes = {line.words[0]: _string(line) for line in lines}
    codes["PLAYER_NAME"] = encode_name(game["player"][0], 11, lines[0])
    codes["RIVAL_NAME"] = encode_name(game["rival"][0], 11, lines[0])
    header = "".join(f"extern const u8 STR_{name}[];\n" for name in codes)
    source = "".join(_bytes(f"const u8 STR_{name}[]", code) + "\n" for name, code in codes.items())
    return _guarded("STRINGS_H", f'#include "types.h"\n{header}'), '#include "strings.h"\n' + source


def _string(line: Line) -> bytes:
    text = line.text.split(" ", 1)[1]
    if text.startswith('"'):
        return encode(text.strip('"'), line) + bytes([END])
    return encode_message(text, line)


def _names(table: str, names: Iterable[str]) -> str:
    line = Line(table, Path(table), 0)
    rows = ", ".join(_braces(encode_name(name, 13, line)) for name in names)
    return f"const u8 {table}[][13] = {{{rows}}};"


def _tileset(world: World, places: dict[str, Place], name: str) -> str:
    far = ", ".join(_far(places[f"{part}:{name}"]) for part in ("tiles", "cells", "kinds"))
    tileset = world.tilesets[name]
    return f"{{{far}, {16 * len(tileset.tiles)}, walkable_{name}, {tileset.grass_tile}}}"


def _structs(declaration: str, rows: Iterable[str]) -> str:
    return f"const struct {declaration}[] = {{{', '.join(rows)}}};"


def _guarded(macro: str, text: str) -> str:
    return f"#ifndef {macro}\n#define {macro}\n{text}#endif\n"


def _far(place: Place) -> str:
    return f"{{{place.address}, {place.bank}}}"


def _braces(numbers: Iterable[int]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"


def _bytes(declaration: str, numbers: Iterable[int]) -> str:
    return f"{declaration} = {_braces(numbers)};"
