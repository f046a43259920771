"""The text a person reads on the screen, as character ids and as ``str``.

The text is decoded from the tiles the LCD shows, and characters are recognised by their bitmaps,
because one tile number means different things on different screens. A *segment* is a run of
characters and blanks between other tiles; segments come top to bottom, then left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

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
        rows = _window_rows(memory, lcdc)
    elif memory.read(ram.AUTO_BG_TRANSFER.address, 1)[0]:
        rows = _background_rows(memory, lcdc, scx, scy)
    else:
        return NO_TEXT
    if memory.read(_tile_address(_FONT_PROBE_TILE, lcdc), 16) != glyphs.font_probe:
        return NO_TEXT
    return ScreenText(_read_rows(memory, glyphs, lcdc, rows))


_LCD_ON, _WINDOW_ON, _WINDOW_MAP, _UNSIGNED_TILES, _BACKGROUND_MAP = 0x80, 0x20, 0x40, 0x10, 0x08
_COLUMNS, _ROWS, _MAP_SIDE = 20, 18, 32


def _window_rows(memory: Memory, lcdc: int) -> list[bytes]:
    tile_map = memory.read(0x9C00 if lcdc & _WINDOW_MAP else 0x9800, _MAP_SIDE * _ROWS)
    return [tile_map[start : start + _COLUMNS] for start in range(0, len(tile_map), _MAP_SIDE)]


def _background_rows(memory: Memory, lcdc: int, scx: int, scy: int) -> list[bytes]:
    tile_map = memory.read(0x9C00 if lcdc & _BACKGROUND_MAP else 0x9800, _MAP_SIDE * _MAP_SIDE)
    left = scx // 8
    rows = []
    for row in range(scy // 8, scy // 8 + _ROWS):
        start = row % _MAP_SIDE * _MAP_SIDE
        line = tile_map[start : start + _MAP_SIDE]
        rows.append((line[left:] + line[:left])[:_COLUMNS])
    return rows


def _tile_address(tile: int, lcdc: int) -> int:
    if tile >= 0x80:
        return 0x8000 + 16 * tile
    return (0x8000 if lcdc & _UNSIGNED_TILES else 0x9000) + 16 * tile


# Tiles of which the game has more than one version; the rest of the font is fixed.
_AMBIGUOUS = frozenset([*range(0x60, 0x80), 0xD6, 0xF0])
# While codes are looked up: a tile whose bitmap has not been read, since it rarely matters.
_UNREAD = 0x01
_CHARACTER = rb"[\x60-\x7e\x80-\xff]"
_UNREAD_GAP = re.compile(
    rb"(?<=" + _CHARACTER + rb")[\x01\x7f]*\x01[\x01\x7f]*(?=" + _CHARACTER + rb")"
)


def _read_rows(memory: Memory, glyphs: GlyphTable, lcdc: int, rows: list[bytes]) -> bytes:
    codes = bytearray(b"\x01" * 0x80 + glyphs.font.replace(b"\x00", b"\x01"))
    displayed = b"".join(rows)
    for tile in _AMBIGUOUS.intersection(displayed):
        codes[tile] = _look_up(memory, glyphs, lcdc, tile)
    lines = [row.translate(codes) for row in rows]
    # A blank among the remaining tiles joins two words; anything else parts them.
    for row, line in zip(rows, lines, strict=True):
        for gap in _UNREAD_GAP.finditer(line):
            for column in range(*gap.span()):
                if codes[row[column]] == _UNREAD:
                    codes[row[column]] = _look_up(memory, glyphs, lcdc, row[column])
    codes = codes.replace(b"\x01", b"\x00")
    return _NEWLINE.join(
        segment for row in rows for segment in _row_segments(bytes(row.translate(codes)))
    )


def _look_up(memory: Memory, glyphs: GlyphTable, lcdc: int, tile: int) -> int:
    pattern = memory.read(_tile_address(tile, lcdc), 16)
    return SPACE if pattern == _BLANK_PATTERN else glyphs.patterns.get(pattern, 0)


_NEWLINE, _BLANK, _BLANK_PATTERN = bytes([NEWLINE]), bytes([SPACE]), bytes(16)


@lru_cache(maxsize=4096)
def _row_segments(line: bytes) -> tuple[bytes, ...]:
    runs = (run.split(_BLANK) for run in line.split(b"\x00"))
    segments = (_BLANK.join(word for word in run if word) for run in runs)
    return tuple(segment for segment in segments if segment)
