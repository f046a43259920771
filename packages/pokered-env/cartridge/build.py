"""Build the open cartridge: content and C sources in, ROM, hash and metadata out.

python build.py             writes ../src/pokered_env/data/open_cartridge.{gb,sha256,json}
python build.py --out DIR   writes them there
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler import emit, graphics, tables
from compiler.blocks import ContentError
from compiler.layout import FIRST_DATA_BANK, Piece, Place, RomFullError, link, place
from compiler.maps import read_maps
from compiler.metadata import metadata
from compiler.scripts import ScriptCompiler, read_opcodes, read_scripts
from compiler.toolchain import ToolchainError, address_of, check_sdcc, compile_and_link, finish
from compiler.world import MapCompiler, World, grids, read_game
from lint import lint

HERE = Path(__file__).resolve().parent
CONTENT = HERE / "content"
SOURCES = HERE / "src"
DATA = HERE.parent / "src" / "pokered_env" / "data"
NUM_DATA_BANKS = 6
# content first: the walkable-tile lists must lie in bank 0; the rest as it has always lain, so that
# regrouping functions moves no byte
SOURCE_ORDER = (
    *("content", "strings", "main"),
    *("step", "encounter", "dialogue", "walk", "scripted_walk"),
    *("map", "cells", "regions", "people", "script", "text", "ask"),
    *("memory", "screen", "joypad", "menu"),
)
RAM_START = 0xC000


class CheckError(Exception):
    """The compiled code breaks a rule of the cartridge."""


@dataclass(frozen=True)
class Cartridge:
    """A built cartridge: ROM image and metadata."""

    rom: bytes
    metadata: dict[str, Any]


def build(content: Path = CONTENT, work: Path | None = None) -> Cartridge:
    """Build the cartridge.

    Args:
        content: Content folder.
        work: Folder for intermediate files; a temporary one by default.

    Raises:
        ContentError: A content file is wrong.
        ToolchainError: SDCC is missing or complains.
        RomFullError: The data does not fit.
        CheckError: The compiled code breaks a rule.
    """
    check_sdcc()
    if work is None:
        with tempfile.TemporaryDirectory() as folder:
            return build(content, Path(folder))
    game = read_game(content)
    world, pieces = read_content(content, game)
    places = place(pieces, NUM_DATA_BANKS)
    by_name = {piece.name: piece for piece in pieces}
    home = _compile(world, game, by_name, places, work)
    poll_joypad = address_of("_poll_joypad", work / "home.map")
    rom = finish(home, link(pieces, places, NUM_DATA_BANKS), game["title"][0])
    starts = json.loads((content / "start_states.json").read_text(encoding="utf-8"))
    return Cartridge(rom, metadata(rom, world, game, places, starts, poll_joypad))


def read_content(content: Path, game: dict[str, list[str]]) -> tuple[World, list[Piece]]:
    """Read and check a content folder: its maps, and everything as pieces of ROM data."""
    all_tables = tables.read_tables(content)
    script_blocks = read_scripts(content)
    sprites = graphics.read_sprites(content)
    world = World(
        read_maps(content),
        graphics.read_tilesets(content),
        sprites,
        all_tables,
        game["border"][0],
        set(script_blocks),
    )
    compiler = ScriptCompiler(read_opcodes(SOURCES / "opcodes.h"), all_tables, world.names())
    scripts = [
        compiler.compile(f"script:{name}", block.lines) for name, block in script_blocks.items()
    ]
    map_compiler = MapCompiler(world, compiler)
    maps = [map_compiler.compile(map_) for map_ in world.maps.values()]
    pictures = graphics.read_pictures(content)
    tables.check_pictures(all_tables, {piece.name for piece in pictures})
    pieces = [
        *graphics.read_font(content),
        *graphics.read_title(content),
        *(piece for tileset in world.tilesets.values() for piece in tileset.pieces()),
        *(Piece(f"sprite:{sprite.name}", (sprite.tiles,)) for sprite in sprites.values()),
        *pictures,
        *all_tables.pieces,
        *grids(world),
        *maps,
        *scripts,
        *map_compiler.implied,
    ]
    return world, pieces


def _compile(
    world: World,
    game: dict[str, list[str]],
    pieces: dict[str, Piece],
    places: dict[str, Place],
    work: Path,
) -> bytes:
    strings_header, strings_source = emit.strings(SOURCES / "strings.txt", game)
    (work / "content.h").write_text(emit.content_header(world, game, pieces, places))
    (work / "content.c").write_text(emit.content_source(world, places))
    (work / "strings.h").write_text(strings_header)
    (work / "strings.c").write_text(strings_source)
    names = [
        *SOURCE_ORDER,
        *sorted({path.stem for path in SOURCES.glob("*.c")} - set(SOURCE_ORDER)),
    ]
    files = [
        work / f"{name}.c" if name in ("content", "strings") else SOURCES / f"{name}.c"
        for name in names
    ]
    home = compile_and_link(files, SOURCES / "crt0.s", [SOURCES, work], work)
    _check_lint(work)
    _check_no_ram(work / "home.map")
    return home


def _check_lint(work: Path) -> None:
    hits = [str(hit) for path in sorted(work.glob("*.asm")) for hit in lint(path)]
    if hits:
        raise CheckError("\n".join(hits))


def _check_no_ram(map_file: Path) -> None:
    """Every variable has a fixed address of its own, so the linker must have placed none."""
    for match in re.finditer(
        r"^_(DATA|BSS|INITIALIZED|INITIALIZER)\s+\w+\s+(\w+)", map_file.read_text(), re.MULTILINE
    ):
        if size := int(match.group(2), 16):
            raise CheckError(f"the linker allocated {size} bytes of RAM (area _{match.group(1)})")


def write(cartridge: Cartridge, folder: Path) -> None:
    """Write ROM, SHA-256 and metadata, each moved into place as a whole when all are written."""
    text = json.dumps(cartridge.metadata, indent=1, sort_keys=True, ensure_ascii=False)
    files = {
        "open_cartridge.gb": cartridge.rom,
        "open_cartridge.sha256": f"{hashlib.sha256(cartridge.rom).hexdigest()}\n".encode(),
        "open_cartridge.json": f"{text}\n".encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        for name, content in files.items():
            (Path(unfinished) / name).write_bytes(content)
        for name in files:
            (Path(unfinished) / name).replace(folder / name)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Build the open cartridge.")
    parser.add_argument(
        "--out",
        type=Path,
        default=DATA,
        help="folder for the three files (default: the package's data)",
    )
    parser.add_argument(
        "--work", type=Path, default=None, help="keep intermediate files in this folder"
    )
    arguments = parser.parse_args()
    try:
        cartridge = build(work=arguments.work)
    except (ContentError, ToolchainError, RomFullError, CheckError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write(cartridge, arguments.out)
    home_used = len(cartridge.rom[: FIRST_DATA_BANK * 0x4000].rstrip(b"\xff"))
    print(f"{arguments.out}/open_cartridge.gb: {len(cartridge.rom)} bytes")
    print(f"home banks: {home_used} of 32768 bytes used")
    return 0


if __name__ == "__main__":
    sys.exit(main())
