"""Which bitmaps are which characters, cut out of the ROM: no font is shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pokered_env.game.text import CHARACTERS, IDS, SPACE

MORE_ARROW = "▼"
FONT_PROBE_TILE = 0x80  # 'A': in video memory exactly while the font is
UNREAD = 0x01
"""Stands for tiles whose bitmap has not been looked at, since it rarely matters."""


@dataclass(frozen=True)
class GlyphTable:
    """Which bitmaps are which characters.

    Attributes:
        patterns: Character id by 16-byte tile bitmap (2 bits per pixel).
        font: The font's character ids for tile numbers 0x80 to 0xFF; 0 where it has none.
        font_probe: Bitmap of tile 0x80 while the font is in video memory.
    """

    patterns: Mapping[bytes, int]
    font: bytes
    font_probe: bytes

    @cached_property
    def fixed_codes(self) -> bytes:
        """Id by tile number as far as it is always the same: of blank, border and font."""
        border = bytes(6)
        font = self.font.replace(b"\x00", bytes([UNREAD]))
        return bytes([UNREAD]) * 0x79 + border + bytes([SPACE]) + font

    @cached_property
    def high_plane_only(self) -> GlyphTable:
        """The same characters in the lighter shade of screens that clear the font's low plane."""
        patterns = {_high_plane(pattern): code for pattern, code in self.patterns.items()}
        return GlyphTable(patterns, self.font, _high_plane(self.font_probe))


def _high_plane(pattern: bytes) -> bytes:
    return bytes(byte if index % 2 else 0 for index, byte in enumerate(pattern))


@dataclass(frozen=True, slots=True)
class GlyphSource:
    """Consecutive 8×8 tiles in a ROM file.

    Attributes:
        offset: Of the first tile in the file.
        bits_per_pixel: 1 (8 bytes a tile, every byte doubled in video memory) or 2 (16 bytes).
        first_id: Tile number the first one has in video memory.
        characters: What each tile shows; None where it is no character.
    """

    offset: int
    bits_per_pixel: int
    first_id: int
    characters: tuple[str | None, ...]


def build_glyph_table(rom: bytes, sources: Iterable[GlyphSource]) -> GlyphTable:
    """Cut the bitmaps of all characters out of a ROM.

    Where two characters share a bitmap, the earlier source wins.
    """
    patterns: dict[bytes, int] = {}
    font = bytearray(128)
    probe = b""
    for source in sources:
        is_font = _shown_as(source, FONT_PROBE_TILE) == "A"
        for index, character in enumerate(source.characters):
            pattern = _pattern(rom, source, index)
            if character is None or not any(pattern):
                continue
            tile, code = source.first_id + index, glyph_code(character)
            patterns.setdefault(pattern, code)
            if is_font and tile >= 0x80:
                font[tile - 0x80] = code
            if is_font and tile == FONT_PROBE_TILE:
                probe = pattern
    return GlyphTable(patterns, bytes(font), probe)


def font_of_characters(patterns: Mapping[bytes, int], probe: bytes) -> GlyphTable:
    """Build a table whose font has the standard layout, from bitmaps alone."""
    standard = bytes(glyph_code(CHARACTERS.get(tile, "")) for tile in range(0x80, 0x100))
    decimal_point = 0xF2 - 0x80
    font = standard[:decimal_point] + bytes([IDS["."]]) + standard[decimal_point + 1 :]
    return GlyphTable(patterns, font, probe)


def _shown_as(source: GlyphSource, tile: int) -> str | None:
    index = tile - source.first_id
    return source.characters[index] if 0 <= index < len(source.characters) else None


def glyph_code(character: str) -> int:
    """Return the id a glyph is read as; 0 for none of ours.

    The blinking arrow "there is more" is no part of the text: it reads as a blank.
    """
    return SPACE if character == MORE_ARROW else IDS.get(character, 0)


def _pattern(rom: bytes, source: GlyphSource, index: int) -> bytes:
    size = 8 * source.bits_per_pixel
    raw = rom[source.offset + size * index :][:size]
    return bytes(b for byte in raw for b in (byte, byte)) if source.bits_per_pixel == 1 else raw
