"""The text a person reads on the screen, as character ids and as ``str``.

The text is decoded from the tiles the LCD shows, and characters are recognised by their bitmaps,
because one tile number means different things on different screens. A *segment* is a run of
characters and blanks between other tiles; segments come top to bottom, then left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from pokered_env import ram
from pokered_env.errors import ConfigError
from pokered_env.ram import Memory

TEXT_LENGTH = 200
PADDING = 0x00
NEWLINE = 0x4E
SPACE = 0x7F
MORE_ARROW = "▼"
_FONT_PROBE_TILE = 0x80  # 'A': in video memory exactly while the font is

_FONT = (
    " ABCDEFGHIJKLMNOPQRSTUVWXYZ():;[]abcdefghijklmnopqrstuvwxyzé",  # 0x7F to 0xBA
    ("'d", "'l", "'s", "'t", "'v"),  # 0xBB to 0xBF
    ("'", "PK", "MN", "-", "'r", "'m", "?", "!", "."),  # 0xE0 to 0xE8
    "▷▶▼♂¥×",  # 0xEC to 0xF1
    "/,♀0123456789",  # 0xF3 to 0xFF
)
_FONT_STARTS = (0x7F, 0xBB, 0xE0, 0xEC, 0xF3)
_GRAPHIC_CHARACTERS = {
    0x60: "′",
    0x61: "″",
    0x62: "to",
    0x63: "ID",
    0x64: "ED",
    0x6E: "Lv",
    0x70: "‘",
    0x71: "’",
    0x72: "“",
    0x73: "”",
    0x74: "№",
    0x75: "…",
}

CHARACTERS: Mapping[int, str] = {
    NEWLINE: "\n",
    **_GRAPHIC_CHARACTERS,
    **{
        start + index: character
        for start, characters in zip(_FONT_STARTS, _FONT, strict=True)
        for index, character in enumerate(characters)
    },
}
"""Character by id. Ids are the game's own codes where those are unambiguous; 0 is padding."""

ALPHABET = tuple(CHARACTERS.get(code, "") for code in range(256))
"""Character of every id, empty where there is none."""

IDS: Mapping[str, int] = {character: code for code, character in CHARACTERS.items()}
"""Id by character."""


def encode(text: str) -> bytes:
    """Encode a text as character ids.

    Letters are encoded one by one; only the game's contractions (``'s``, ``'d`` …) take one id.

    Raises:
        ConfigError: If a character is not in the game's alphabet.
    """
    codes = bytearray()
    for symbol in re.findall(r"'[dlstvrm]|.", text, re.DOTALL):
        if symbol not in IDS:
            raise ConfigError(
                f"The game cannot write {symbol!r} (in {text!r}). pokered_env.text.CHARACTERS "
                "lists what it can."
            )
        codes.append(IDS[symbol])
    return bytes(codes)


def decode(ids: Iterable[int]) -> str:
    """Decode character ids, such as a ``text`` observation; padding is left out."""
    return "".join(CHARACTERS.get(code, "") for code in bytes(ids))


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
        font = self.font.replace(b"\x00", bytes([_UNREAD]))
        return bytes([_UNREAD]) * 0x79 + border + bytes([SPACE]) + font


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
        is_font = _shown_as(source, _FONT_PROBE_TILE) == "A"
        for index, character in enumerate(source.characters):
            pattern = _pattern(rom, source, index)
            if character is None or not any(pattern):
                continue
            tile, code = source.first_id + index, glyph_code(character)
            patterns.setdefault(pattern, code)
            if is_font and tile >= 0x80:
                font[tile - 0x80] = code
            if is_font and tile == _FONT_PROBE_TILE:
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


@dataclass(frozen=True, slots=True)
class ScreenText:
    """What is written on the screen.

    Attributes:
        ids: Character ids of all segments, joined by the newline id; empty when there is no text.
    """

    ids: bytes

    def __str__(self) -> str:
        return _decode_cached(self.ids)

    @property
    def segments(self) -> list[str]:
        """The segments in reading order."""
        return str(self).split("\n") if self.ids else []

    @property
    def window(self) -> bytes:
        """The last ``TEXT_LENGTH`` ids: where the text is too long, its top is cut."""
        return self.ids[-TEXT_LENGTH:]


NO_TEXT = ScreenText(b"")
_decode_cached = lru_cache(maxsize=1024)(decode)


def read_text(memory: Memory, glyphs: GlyphTable) -> ScreenText:
    """Read the text that is on the screen now.

    Args:
        memory: An emulator or a recording with its video memory and registers.
        glyphs: Bitmaps of the characters.
    """
    registers = memory.read(ram.LCD_REGISTERS.address, ram.LCD_REGISTERS.size)
    lcdc, scy, scx, palette, wy, wx = (registers[i] for i in (0, 2, 3, 7, 10, 11))
    if not lcdc & _LCD_ON or palette & 3 == palette >> 6:
        return NO_TEXT
    if lcdc & _WINDOW_ON and wy < 8 and wx == 7:
        screen = memory.read(0x9C00 if lcdc & _WINDOW_MAP else 0x9800, _MAP_SIDE * _ROWS)
    elif memory.read_byte(ram.AUTO_BG_TRANSFER.address):
        tile_map = memory.read(0x9C00 if lcdc & _BACKGROUND_MAP else 0x9800, _MAP_SIDE * _MAP_SIDE)
        screen = _scroll(tile_map, scx // 8, scy // 8)
    else:
        return NO_TEXT
    if memory.read(_tile_address(_FONT_PROBE_TILE, lcdc), 16) != glyphs.font_probe:
        return NO_TEXT
    codes = glyphs.fixed_codes
    if ambiguous := _displayed(screen, _AMBIGUOUS):
        codes = _with_read(codes, memory, glyphs, lcdc, ambiguous)
    # Between two characters, a blank among the remaining tiles joins words, any other parts them.
    if gaps := _gaps(screen, codes):
        codes = _with_read(codes, memory, glyphs, lcdc, gaps)
    return _decode_screen(screen, codes)


_LCD_ON, _WINDOW_ON, _WINDOW_MAP, _UNSIGNED_TILES, _BACKGROUND_MAP = 0x80, 0x20, 0x40, 0x10, 0x08
_COLUMNS, _ROWS, _MAP_SIDE = 20, 18, 32
# Tiles of which the game has more than one version; the rest of the font is fixed.
_AMBIGUOUS = frozenset([*range(0x60, 0x79), 0xD6, 0xF0])
# A code for tiles whose bitmap has not been read, since it rarely matters.
_UNREAD = 0x01
_CHARACTER = rb"[\x60-\x7e\x80-\xff]"
_UNREAD_GAP = re.compile(
    rb"(?<=" + _CHARACTER + rb")[\x01\x7f]*\x01[\x01\x7f]*(?=" + _CHARACTER + rb")"
)
_NEWLINE, _BLANK, _BLANK_PATTERN = bytes([NEWLINE]), bytes([SPACE]), bytes(16)


def _scroll(tile_map: bytes, left: int, top: int) -> bytes:
    rows = (tile_map[row % _MAP_SIDE * _MAP_SIDE :][:_MAP_SIDE] for row in range(top, top + _ROWS))
    return b"".join(row[left:] + row[:left] for row in rows)


def _rows(screen: bytes) -> list[bytes]:
    return [screen[start : start + _COLUMNS] for start in range(0, len(screen), _MAP_SIDE)]


def _tile_address(tile: int, lcdc: int) -> int:
    if tile >= 0x80:
        return 0x8000 + 16 * tile
    return (0x8000 if lcdc & _UNSIGNED_TILES else 0x9000) + 16 * tile


def _with_read(
    codes: bytes, memory: Memory, glyphs: GlyphTable, lcdc: int, tiles: frozenset[int]
) -> bytes:
    updated = bytearray(codes)
    for tile in tiles:
        pattern = memory.read(_tile_address(tile, lcdc), 16)
        updated[tile] = SPACE if pattern == _BLANK_PATTERN else glyphs.patterns.get(pattern, 0)
    return bytes(updated)


# Screens stand still most of the time: what follows from one is kept for the next.
@lru_cache(maxsize=512)
def _displayed(screen: bytes, tiles: frozenset[int]) -> frozenset[int]:
    return tiles.intersection(b"".join(_rows(screen)))


@lru_cache(maxsize=512)
def _gaps(screen: bytes, codes: bytes) -> frozenset[int]:
    tiles = set()
    for row in _rows(screen):
        line = row.translate(codes)
        for gap in _UNREAD_GAP.finditer(line):
            tiles |= {tile for tile in row[slice(*gap.span())] if codes[tile] == _UNREAD}
    return frozenset(tiles)


@lru_cache(maxsize=512)
def _decode_screen(screen: bytes, codes: bytes) -> ScreenText:
    final = codes.replace(bytes([_UNREAD]), b"\x00")
    lines = (row.translate(final) for row in _rows(screen))
    return ScreenText(_NEWLINE.join(segment for line in lines for segment in _segments(line)))


def _segments(line: bytes) -> list[bytes]:
    runs = (run.split(_BLANK) for run in line.split(b"\x00"))
    segments = (_BLANK.join(word for word in run if word) for run in runs)
    return [segment for segment in segments if segment]
