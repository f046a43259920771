"""The text a person reads on the screen, decoded from the tiles the LCD shows.

Characters are recognised by their bitmaps, because one tile number means different things on
different screens.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pokered_env.game import ram
from pokered_env.game.glyphs import FONT_PROBE_TILE, UNREAD, GlyphTable
from pokered_env.game.ram import Memory
from pokered_env.game.text import NEWLINE, NO_TEXT, SPACE, ScreenText

# tile numbers, 18 rows of 32, the LCD's control register, and the font's first bitmap
_Screen = tuple[bytes, int, bytes]
_Patterns = dict[int, bytes]  # the bitmaps a text was read from, by address
_NUM_KNOWN = 256


def read_text(memory: Memory, glyphs: GlyphTable) -> ScreenText:
    """Read the text that is on the screen now.

    Args:
        memory: An emulator or a recording with its video memory and registers.
        glyphs: Bitmaps of the characters.
    """
    return TextReader(memory, glyphs).read()


class TextReader:
    """Reads the text on the screen; one it has read before, only if its bitmaps have changed.

    Args:
        memory: An emulator or a recording with its video memory and registers.
        glyphs: Bitmaps of the characters.
    """

    def __init__(self, memory: Memory, glyphs: GlyphTable) -> None:
        self._memory, self._glyphs = memory, glyphs
        self._read_probe = memory.reader(_FONT_PROBE, 16)
        self._known: dict[_Screen, tuple[_Patterns, ScreenText]] = {}
        self._patterns: _Patterns = {}

    def read(self) -> ScreenText:
        """Read the text that is on the screen now."""
        probe = self._read_probe()
        glyphs = self._shade(probe)
        if glyphs is None:  # as on the map, where people's pictures lie in the font's place
            return NO_TEXT
        shown = _shown(self._memory)
        if shown is None:
            return NO_TEXT
        screen = *shown, probe
        known = self._known.get(screen)
        if known is not None and self._still_in_memory(known[0]):
            return known[1]
        if len(self._known) >= _NUM_KNOWN:
            self._known.clear()
        self._patterns = {}
        text = self._recognise(*shown, glyphs)
        self._known[screen] = self._patterns, text
        return text

    def _still_in_memory(self, patterns: _Patterns) -> bool:
        read = self._memory.read
        return all([read(address, 16) == pattern for address, pattern in patterns.items()])

    def _recognise(self, screen: bytes, lcdc: int, glyphs: GlyphTable) -> ScreenText:
        ambiguous = set(screen.translate(None, _UNAMBIGUOUS))
        codes = self._with_read(glyphs.fixed_codes, lcdc, ambiguous, glyphs)
        line = _line(screen.translate(codes))
        # Between two characters, a blank among the other tiles joins words, anything else parts.
        gaps = [place for gap in _UNREAD_GAP.finditer(line) for place in range(*gap.span())]
        if gaps:
            tiles = _line(screen)
            unread = {tiles[place] for place in gaps if line[place] == UNREAD}
            line = _line(screen.translate(self._with_read(codes, lcdc, unread, glyphs)))
        return _decode_line(line)

    def _shade(self, probe: bytes) -> GlyphTable | None:
        """Return the characters as they are drawn now; None while there is no font."""
        if probe == self._glyphs.font_probe:
            return self._glyphs
        lighter = self._glyphs.high_plane_only
        return lighter if probe == lighter.font_probe else None

    def _with_read(self, codes: bytes, lcdc: int, tiles: set[int], glyphs: GlyphTable) -> bytes:
        updated = bytearray(codes)
        for tile in tiles:
            pattern = self._pattern(tile, lcdc)
            blank = pattern == _BLANK_PATTERN
            updated[tile] = SPACE if blank else glyphs.patterns.get(pattern, 0)
        return bytes(updated)

    def _pattern(self, tile: int, lcdc: int) -> bytes:
        address = _tile_address(tile, lcdc)
        pattern = self._patterns[address] = self._memory.read(address, 16)
        return pattern


_LCD_ON, _WINDOW_ON, _WINDOW_MAP, _UNSIGNED_TILES, _BACKGROUND_MAP = 0x80, 0x20, 0x40, 0x10, 0x08
_COLUMNS, _ROWS, _MAP_SIDE = 20, 18, 32
# Tiles of which the game has more than one version; the rest of the font is fixed.
_UNAMBIGUOUS = bytes({*range(256)} - {*range(0x60, 0x79), 0xD6, 0xF0})
_CHARACTER = rb"[\x60-\x7e\x80-\xff]"
_UNREAD_GAP = re.compile(
    rb"(?<=" + _CHARACTER + rb")[\x01\x7f]*\x01[\x01\x7f]*(?=" + _CHARACTER + rb")"
)
_BLANK_PATTERN = bytes(16)
_FONT_PROBE = 0x8000 + 16 * FONT_PROBE_TILE  # from tile 0x80 on, every screen has one place
# For splitting: no character is 0, and blanks are what bytes.split() takes for such.
_SPLITTABLE = bytes.maketrans(bytes([UNREAD, SPACE]), b"\x00 ")


def _shown(memory: Memory) -> tuple[bytes, int] | None:
    byte = memory.read_byte
    lcdc, palette = byte(ram.LCD_CONTROL.address), byte(ram.BG_PALETTE.address)
    if not lcdc & _LCD_ON or palette & 3 == palette >> 6:
        return None
    window_y, window_x = byte(ram.LCD_WINDOW_Y.address), byte(ram.LCD_WINDOW_X.address)
    if lcdc & _WINDOW_ON and window_y < 8 and window_x == 7:
        start = 0x9C00 if lcdc & _WINDOW_MAP else 0x9800
        return memory.read(start, _MAP_SIDE * _ROWS), lcdc
    if not byte(ram.AUTO_BG_TRANSFER.address):
        return None
    start = 0x9C00 if lcdc & _BACKGROUND_MAP else 0x9800
    tile_map = memory.read(start, _MAP_SIDE * _MAP_SIDE)
    left, top = byte(ram.SCROLL_X.address) // 8, byte(ram.SCROLL_Y.address) // 8
    return _scroll(tile_map, left, top), lcdc


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


@lru_cache(maxsize=512)
def _decode_line(line: bytes) -> ScreenText:
    runs = line.translate(_SPLITTABLE).split(b"\x00")
    segments = [bytes([SPACE]).join(words) for run in runs if (words := run.split())]
    return ScreenText(bytes([NEWLINE]).join(segments))
