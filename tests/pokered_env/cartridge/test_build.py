"""The ROM in the package is what the sources give, and says what it must."""

from __future__ import annotations

import hashlib
from pathlib import Path

import build
import pytest
from compiler.charset import CODES
from compiler.toolchain import ToolchainError, check_sdcc
from console import DATA, ROM, read_metadata

FORBIDDEN = (
    "POKEMON",
    "POKéMON",
    "PIKACHU",
    "NINTENDO",
    "GAME FREAK",
    "CREATURES",
    "PALLET",
    "OAK",
)


@pytest.fixture(scope="module")
def rom() -> bytes:
    return ROM.read_bytes()


def test_rebuilding_gives_the_same_bytes_and_metadata(tmp_path: Path, rom: bytes) -> None:
    try:
        check_sdcc()
    except ToolchainError as error:
        pytest.skip(f"the cartridge was not rebuilt: {error}")
    cartridge = build.build(work=tmp_path)
    assert hashlib.sha256(cartridge.rom).hexdigest() == hashlib.sha256(rom).hexdigest()
    assert cartridge.metadata == read_metadata()


def test_recorded_hashes_are_those_of_the_rom(rom: bytes) -> None:
    recorded = (DATA / "open_cartridge.sha256").read_text("ascii")
    assert recorded == hashlib.sha256(rom).hexdigest() + "\n"
    assert read_metadata()["sha1"] == hashlib.sha1(rom).hexdigest()


def test_header_has_a_blank_logo_and_right_checksums(rom: bytes) -> None:
    assert rom[0x104:0x134] == bytes(48)
    assert rom[0x134:0x144].rstrip(b"\0") == b"WISPVALE"
    assert rom[0x147] == 1  # MBC1 without cartridge RAM
    assert len(rom) == 0x8000 << rom[0x148]
    assert rom[0x14D] == sum(-byte - 1 for byte in rom[0x134:0x14D]) & 0xFF
    assert int.from_bytes(rom[0x14E:0x150], "big") == (sum(rom) - rom[0x14E] - rom[0x14F]) & 0xFFFF


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_word_of_the_original_is_in_the_rom(rom: bytes, word: str) -> None:
    for spelling in {word, word.lower(), word.capitalize()}:
        codes = bytes(CODES[letter] for letter in spelling if letter in CODES)
        assert b"\x7f" + codes + b"\x7f" not in rom
        assert b"\x50" + codes + b"\x50" not in rom
        if len(word) > 4:
            assert codes not in rom
            assert spelling.encode() not in rom


def test_metadata_warps_lead_to_cells_of_maps() -> None:
    metadata = read_metadata()
    maps = {entry["id"]: entry for entry in metadata["maps"]}
    for warp in metadata["warps"]:
        assert warp["x"] < maps[warp["map"]]["width"] and warp["y"] < maps[warp["map"]]["height"]
        target = maps[warp["dest_map"]]
        assert warp["dest_x"] < target["width"] and warp["dest_y"] < target["height"]
    assert all(entry["parent"] is not None for entry in maps.values() if not entry["outdoor"])


def test_glyph_table_points_at_the_letter_bitmaps(rom: bytes) -> None:
    font = read_metadata()["glyphs"][0]
    assert font["characters"][:3] == ["A", "B", "C"]
    letter_i = font["offset"] + 8 * 8
    rows = rom[letter_i : letter_i + 8]
    assert rows != bytes(8) and all(row & 1 == 0 for row in rows)
