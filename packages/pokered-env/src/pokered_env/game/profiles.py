"""The games we know: Pokémon Red (UE), from tables of names and numbers, and the open cartridge."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pokered_env.game.events import EventTable
from pokered_env.game.glyphs import GlyphSource
from pokered_env.game.maps import MapInfo, MapTable
from pokered_env.game.milestones import read_milestones
from pokered_env.game.rom_profile import RomProfile, StartState
from pokered_env.game.scripts import InputScript, Press, hides, is_in_control, shows
from pokered_env.game.text import CHARACTERS

POKEMON_RED_SHA1 = "ea9bcae617fdf159b045185467ae58b2e4a48b9a"
_DATA = Path(__file__).parents[1] / "data"
OPEN_CARTRIDGE_PATH = _DATA / "open_cartridge.gb"
MILESTONES_PATH = _DATA / "open_cartridge_milestones.json"
POWER_ON = "power_on"


@cache
def open_cartridge_sha1() -> str:
    """Return the SHA-1 of the bundled cartridge."""
    return str(_open_cartridge_metadata()["sha1"])


@cache
def pokemon_red() -> RomProfile:
    """Return the profile of Pokémon Red (UE)."""
    species = list(_rows("species.csv"))
    return RomProfile(
        name="pokemon_red",
        title="Pokémon Red (UE)",
        maps=MapTable(_red_maps()),
        events=EventTable({row["name"]: int(row["flag"]) for row in _rows("events.csv")}),
        ending_event=None,
        badges=tuple("Boulder Cascade Thunder Rainbow Soul Marsh Volcano Earth".split()),
        species={int(row["id"]): row["name"] for row in species},
        pokedex_numbers={int(row["id"]): int(row["dex"]) for row in species if row["dex"]},
        items={int(row["id"]): row["name"] for row in _rows("items.csv")},
        moves={int(row["id"]): row["name"] for row in _rows("moves.csv")},
        glyph_sources=_RED_GLYPH_SOURCES,
        start_states={
            POWER_ON: StartState("the console has just been switched on", ()),
            "start": StartState("new game, in control in the first room", _RED_NEW_GAME),
        },
        default_start_state="start",
        max_seed_noop_frames=15,
        joypad_routine=_RED_JOYPAD,
    )


@cache
def open_cartridge() -> RomProfile:
    """Return the profile of the bundled open cartridge."""
    metadata = _open_cartridge_metadata()
    return RomProfile(
        name="open_cartridge",
        title=metadata["title"],
        maps=MapTable(_json_map(entry) for entry in metadata["maps"]),
        events=EventTable(metadata["events"]),
        ending_event=metadata["ending_event"],
        badges=tuple(metadata["badges"]),
        species=_by_number(metadata["species"]),
        pokedex_numbers=_by_number(metadata["dex"]),
        items=_by_number(metadata["items"]),
        moves=_by_number(metadata["moves"]),
        glyph_sources=tuple(_json_glyphs(entry) for entry in metadata["glyphs"]),
        start_states={
            POWER_ON: StartState("the console has just been switched on", ()),
            **{name: _json_start(entry) for name, entry in metadata["start_states"].items()},
            **read_milestones(MILESTONES_PATH, metadata["sha1"]),
        },
        default_start_state=metadata["default_start_state"],
        max_seed_noop_frames=0,
        joypad_routine=metadata["joypad_routine"],
    )


def unknown_rom(title: str) -> RomProfile:
    """Return the profile for a ROM we do not know: Pokémon Red's, started at power-on."""
    red = pokemon_red()
    return replace(
        red,
        name="unknown",
        title=title,
        start_states={POWER_ON: red.start_states[POWER_ON]},
        default_start_state=POWER_ON,
        joypad_routine=None,
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _red_maps() -> Iterator[MapInfo]:
    for row in _rows("maps.csv"):
        yield MapInfo(
            map_id=int(row["id"]),
            name=row["name"],
            width=int(row["width"]),
            height=int(row["height"]),
            origin=_pair(row["origin_x"], row["origin_y"]),
            parent=int(row["parent"]) if row["parent"] else None,
            door=_pair(row["door_x"], row["door_y"]),
        )


def _pair(x: str, y: str) -> tuple[int, int] | None:
    return (int(x), int(y)) if x and y else None


def _file_offset(bank: int, address: int) -> int:
    return bank * 0x4000 + address - 0x4000


def _sparse(length: int, characters: Mapping[int, str]) -> tuple[str | None, ...]:
    return tuple(characters.get(index) for index in range(length))


_RED_JOYPAD = 0x019A  # the disassembly's Joypad
# Addresses of the disassembly's FontGraphics, TextBoxGraphics, HpBarAndStatusGraphics,
# PokedexTileGraphics, ED_Tile and PTile.
_RED_FONT = {tile - 0x80: CHARACTERS[tile] for tile in range(0x80, 0x100) if tile in CHARACTERS}
_RED_GLYPH_SOURCES = (
    GlyphSource(_file_offset(0x04, 0x5A80), 1, 0x80, _sparse(128, {**_RED_FONT, 0x72: "."})),
    GlyphSource(
        _file_offset(0x04, 0x6288),
        2,
        0x60,
        _sparse(32, {0x0D: ":", 0x10: "‘", 0x11: "’", 0x12: "“", 0x13: "”", 0x15: "…"}),
    ),
    GlyphSource(
        _file_offset(0x04, 0x5EA0),
        2,
        0x62,
        _sparse(30, {0x0C: "Lv", 0x0E: "to", 0x11: "ID", 0x12: "№"}),
    ),
    GlyphSource(_file_offset(0x04, 0x6488), 2, 0x60, ("′", "″")),
    GlyphSource(_file_offset(0x01, 0x6767), 1, 0xF0, ("ED",)),
    GlyphSource(_file_offset(0x04, 0x6ADC), 1, 0x72, ("P",)),
)


def _until(button: str, word: str) -> Press:
    return Press(button, 4, 12, repeat=300, until=shows(word), goal=f"the words {word!r}")


# The first entry of each name menu asks for a name; the second is a ready-made one.
_CHOOSE_PRESET_NAME = (
    Press(None, 0, 20),
    Press("down", 4, 20),
    Press("a", 4, 12),
    Press(None, 0, 4, repeat=100, until=hides("NEW NAME"), goal="the end of the name menu"),
)
_RED_NEW_GAME: InputScript = (
    _until("start", "NEW GAME"),
    _until("a", "NEW NAME"),
    *_CHOOSE_PRESET_NAME,
    _until("a", "NEW NAME"),
    *_CHOOSE_PRESET_NAME,
    # B reads on like A, but does nothing in the room.
    Press("b", 4, 12, repeat=300, until=is_in_control, goal="control over the player"),
    Press(None, 0, 60),
    Press("b", 4, 12, repeat=60, until=is_in_control, goal="control over the player"),
)


@cache
def _open_cartridge_metadata() -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(
        (_DATA / "open_cartridge.json").read_text(encoding="utf-8")
    )
    return metadata


def _by_number(table: Mapping[str, Any]) -> dict[int, Any]:
    return {int(number): value for number, value in table.items()}


def _json_map(entry: Mapping[str, Any]) -> MapInfo:
    return MapInfo(
        map_id=entry["id"],
        name=entry["name"],
        width=entry["width"],
        height=entry["height"],
        origin=tuple(entry["origin"]) if entry["origin"] is not None else None,
        parent=entry["parent"],
        door=tuple(entry["door"]) if entry["door"] is not None else None,
    )


def _json_glyphs(entry: Mapping[str, Any]) -> GlyphSource:
    return GlyphSource(
        entry["offset"], entry["bits_per_pixel"], entry["first_id"], tuple(entry["characters"])
    )


def _json_start(entry: Mapping[str, Any]) -> StartState:
    return StartState(entry["description"], tuple(Press(*inputs) for inputs in entry["inputs"]))
