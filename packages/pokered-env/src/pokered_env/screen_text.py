"""The text a person reads on the screen, decoded from the tiles the LCD shows.

Characters are recognised by their bitmaps, because one tile number means different things on
different screens.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pokered_env import ram
from pokered_env.glyphs import FONT_PROBE_TILE, UNREAD, GlyphTable
from pokered_env.ram import Memory
from pokered_env.text import NEWLINE, NO_TEXT, SPACE, ScreenText


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
    if memory.read(_tile_address(FONT_PROBE_TILE, lcdc), 16) != glyphs.font_probe:
        return NO_TEXT
    ambiguous = set(screen.translate(None, _UNAMBIGUOUS))
    codes = _with_read(glyphs.fixed_codes, memory, glyphs, lcdc, ambiguous)
    line = _line(screen.translate(codes))
    # Between two characters, a blank among the remaining tiles joins words, any other parts them.
    gaps = [place for gap in _UNREAD_GAP.finditer(line) for place in range(*gap.span())]
    if gaps:
        tiles = _line(screen)
        unread = {tiles[place] for place in gaps if line[place] == UNREAD}
        line = _line(screen.translate(_with_read(codes, memory, glyphs, lcdc, unread)))
    return _decode_line(line)


_LCD_ON, _WINDOW_ON, _WINDOW_MAP, _UNSIGNED_TILES, _BACKGROUND_MAP = 0x80, 0x20, 0x40, 0x10, 0x08
_COLUMNS, _ROWS, _MAP_SIDE = 20, 18, 32
# Tiles of which the game has more than one version; the rest of the font is fixed.
_UNAMBIGUOUS = bytes({*range(256)} - {*range(0x60, 0x79), 0xD6, 0xF0})
_CHARACTER = rb"[\x60-\x7e\x80-\xff]"
_UNREAD_GAP = re.compile(
    rb"(?<=" + _CHARACTER + rb")[\x01\x7f]*\x01[\x01\x7f]*(?=" + _CHARACTER + rb")"
)
_BLANK_PATTERN = bytes(16)
# For splitting: no character is 0, and blanks are what bytes.split() takes for such.
_SPLITTABLE = bytes.maketrans(bytes([UNREAD, SPACE]), b"\x00 ")


def _scroll(tile_map: bytes, left: int, top: int) -> bytes:
    rows = (tile_map[row % _MAP_SIDE * _MAP_SIDE :][:_MAP_SIDE] for row in range(top, top + _ROWS))
    return b"".join(row[left:] + row[:left] for row in rows)


def _line(screen: bytes) -> bytes:
    """Return the visible columns of all rows, a zero between each two."""
    starts = range(0, _MAP_SIDE * _ROWS, _MAP_SIDE)
    return b"\x00".join([screen[start : start + _COLUMNS] for start in starts])


def _tile_address(tile: int, lcdc: int) -> int:
    if tile >= 0x80:
        return 0x8000 + 16 * tile
    return (0x8000 if lcdc & _UNSIGNED_TILES else 0x9000) + 16 * tile


def _with_read(
    codes: bytes, memory: Memory, glyphs: GlyphTable, lcdc: int, tiles: set[int]
) -> bytes:
    updated = bytearray(codes)
    for tile in tiles:
        pattern = memory.read(_tile_address(tile, lcdc), 16)
        updated[tile] = SPACE if pattern == _BLANK_PATTERN else glyphs.patterns.get(pattern, 0)
    return bytes(updated)


@lru_cache(maxsize=512)
def _decode_line(line: bytes) -> ScreenText:
    runs = line.translate(_SPLITTABLE).split(b"\x00")
    segments = [bytes([SPACE]).join(words) for run in runs if (words := run.split())]
    return ScreenText(bytes([NEWLINE]).join(segments))
