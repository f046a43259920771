"""open_cartridge.json: what the environment needs to know about this ROM."""

from __future__ import annotations

import hashlib
from typing import Any

from compiler.charset import CODES, FIRST_FONT_TILE
from compiler.graphics import (
    BATTLE_TILE_CHARACTERS,
    BATTLE_TILES_COUNT,
    BATTLE_TILES_FIRST,
    TEXT_TILE_CHARACTERS,
    TEXT_TILES_COUNT,
    TEXT_TILES_FIRST,
)
from compiler.layout import Place
from compiler.maps import Map
from compiler.world import LAST_MAP, World, grid_origin


def metadata(
    rom: bytes,
    world: World,
    game: dict[str, list[str]],
    places: dict[str, Place],
    start_states: dict[str, Any],
    joypad_routine: int,
) -> dict[str, Any]:
    """Describe a built ROM; the fields are those of the environment's cartridge profile."""
    tables = world.tables
    return {
        "title": game["title"][0],
        "sha1": hashlib.sha1(rom).hexdigest(),
        "maps": [_map(world, map_) for map_ in world.maps.values()],
        "warps": [row for map_ in world.maps.values() for row in _warps(world, map_)],
        "events": tables.flags,
        "ending_event": game["ending"][0],
        "badges": [_shown(name) for name in tables.badges],
        "species": {str(tables.species_ids[name]): _shown(name) for name in tables.species},
        "dex": {str(tables.species_ids[name]): number for name, number in tables.species.items()},
        "items": {str(number): _shown(name) for name, number in tables.items.items()},
        "moves": {str(number): _shown(name) for name, number in tables.moves.items()},
        "glyphs": _glyphs(places),
        "start_states": start_states["states"],
        "default_start_state": "start",
        "joypad_routine": joypad_routine,
        "intro_frames": start_states["intro_frames"],
    }


def _shown(name: str) -> str:
    return name.replace("_", " ").strip()


def _outdoor_doors(world: World, indoor: Map) -> list[tuple[Map, int, int]]:
    """Outdoor cells whose warps lead into a map, through other interiors if need be."""
    reached = [indoor.name]
    for name in reached:
        doors = [
            (map_, warp) for map_ in world.maps.values() for warp in map_.warps if warp.to == name
        ]
        outdoors = [(map_, warp.x, warp.y) for map_, warp in doors if map_.is_outdoor]
        if outdoors:
            return outdoors
        reached += [map_.name for map_, _ in doors if map_.name not in reached]
    return []


def _map(world: World, map_: Map) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": map_.identity,
        "name": map_.name,
        "width": map_.width,
        "height": map_.height,
        "outdoor": map_.is_outdoor,
        "origin": list(grid_origin(world, map_)) if map_.is_outdoor else None,
        "parent": None,
        "door": None,
    }
    doors = [] if map_.is_outdoor else _outdoor_doors(world, map_)
    if doors:
        outdoor, x, y = doors[0]
        entry |= {"parent": outdoor.identity, "door": [x, y]}
    return entry


def _warps(world: World, map_: Map) -> list[dict[str, int]]:
    rows = []
    for warp in world.warps_of(map_):
        identity, number = world.destination(warp)
        target = (
            next(other for other in world.maps.values() if other.identity == identity)
            if identity != LAST_MAP
            else None
        )
        target = target or _outdoor_doors(world, map_)[0][0]
        there = world.warps_of(target)[number]
        row = {"map": map_.identity, "x": warp.x, "y": warp.y}
        rows.append(row | {"dest_map": target.identity, "dest_x": there.x, "dest_y": there.y})
    return rows


def _glyphs(places: dict[str, Place]) -> list[dict[str, Any]]:
    font = {code: character for character, code in CODES.items() if code >= FIRST_FONT_TILE}
    return [
        _source(places["font"], 1, FIRST_FONT_TILE, 128, font),
        _source(places["text tiles"], 2, TEXT_TILES_FIRST, TEXT_TILES_COUNT, TEXT_TILE_CHARACTERS),
        _source(
            places["battle tiles"],
            2,
            BATTLE_TILES_FIRST,
            BATTLE_TILES_COUNT,
            BATTLE_TILE_CHARACTERS,
        ),
    ]


def _source(
    place: Place, bits: int, first: int, count: int, characters: dict[int, str]
) -> dict[str, Any]:
    return {
        "offset": place.file_offset,
        "bits_per_pixel": bits,
        "first_id": first,
        "characters": [characters.get(first + i) for i in range(count)],
    }
