from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pokered_env.env import PokeRedEnv
from pokered_env.game import ram, text
from pokered_env.game.glyphs import GlyphSource, GlyphTable, build_glyph_table
from pokered_env.game.ram import Symbol
from pokered_env.game.screen_text import TextReader, read_text
from pokered_env.recording.conformance import Recording

MakeMemory = Callable[..., Recording]
WINDOW_ON = bytes([0xE3, 0, 0, 0, 0, 0, 0, 0xE4, 0, 0, 0, 7])  # LCDC … BGP … WY WX


def pattern(tile: int, kind: int = 1) -> bytes:
    """Return a bitmap nobody else has."""
    return bytes([tile, kind] * 8)


@pytest.fixture(scope="module")
def glyphs() -> GlyphTable:
    """Return a table of a made-up ROM: the font at 0x80, ':' and 'Lv' both shown by tile 0x6E."""
    characters = tuple(text.CHARACTERS.get(tile) for tile in range(0x80, 0x100))
    rom = b"".join(pattern(tile)[:8] for tile in range(0x80, 0x100))
    rom += pattern(0x6E, 2) + pattern(0x6E, 3)
    sources = (
        GlyphSource(0, 1, 0x80, characters),
        GlyphSource(128 * 8, 2, 0x6E, (":",)),
        GlyphSource(128 * 8 + 16, 2, 0x6E, ("Lv",)),
    )
    return build_glyph_table(rom, sources)


def doubled(tile: int) -> bytes:
    return bytes(b for byte in pattern(tile)[:8] for b in (byte, byte))


def screen(
    make_memory: MakeMemory,
    lines: dict[int, bytes],
    registers: bytes = WINDOW_ON,
    tiles: dict[int, bytes] | None = None,
    auto_transfer: int = 1,
    tile_map: int = 0x9C00,
) -> Recording:
    """Return a memory whose tile map shows ``lines`` (by row), with the font loaded."""
    bitmaps = {tile: doubled(tile) for tile in range(0x80, 0x100)} | (tiles or {})
    bitmaps.setdefault(0x7F, bytes(16))
    bitmaps.setdefault(0x01, pattern(1, 9))
    pokes = [
        (Symbol("", (0x8000 if t >= 0x80 else 0x9000) + 16 * t, 16), raw)
        for t, raw in bitmaps.items()
    ]
    empty = b"\x01" * 32
    rows = b"".join(lines.get(row, b"").ljust(20, b"\x01")[:20] + empty[:12] for row in range(18))
    return make_memory(
        *pokes,
        (Symbol("", tile_map), rows),
        (ram.LCD_CONTROL, registers),
        (ram.AUTO_BG_TRANSFER, bytes([auto_transfer])),
    )


def test_segments_come_top_to_bottom_and_left_to_right(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    lines = {14: text.encode("RED") + b"\x01" + text.encode("OK"), 2: text.encode("HELLO")}
    assert read_text(screen(make_memory, lines), glyphs).segments == ["HELLO", "RED", "OK"]


def test_runs_of_blanks_become_one_space_and_the_ends_are_trimmed(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    memory = screen(make_memory, {1: text.encode("  A    B  ")})
    assert read_text(memory, glyphs).segments == ["A B"]


def test_the_more_arrow_is_dropped_and_the_cursor_stays(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    memory = screen(make_memory, {1: text.encode("▶YES"), 2: text.encode("so   ▼")})
    assert read_text(memory, glyphs).segments == ["▶YES", "so"]


def test_one_tile_number_is_read_by_what_it_shows(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    line = {0: b"\x6e" + text.encode("5")}
    as_colon = screen(make_memory, line, tiles={0x6E: pattern(0x6E, 2)})
    as_level = screen(make_memory, line, tiles={0x6E: pattern(0x6E, 3)})
    assert str(read_text(as_colon, glyphs)) == ":5"
    assert str(read_text(as_level, glyphs)) == "Lv5"
    assert read_text(as_colon, glyphs).ids[0] == text.IDS[":"] == 0x9C


def test_a_blank_map_tile_joins_words_and_another_parts_them(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    line = {0: text.encode("A") + b"\x20" + text.encode("B")}
    blank = screen(make_memory, line, tiles={0x20: bytes(16)})
    drawn = screen(make_memory, line, tiles={0x20: pattern(0x20)})
    assert read_text(blank, glyphs).segments == ["A B"]
    assert read_text(drawn, glyphs).segments == ["A", "B"]


def test_nothing_is_read_while_walking(make_memory: MakeMemory, glyphs: GlyphTable) -> None:
    hidden = bytes([0xE3, 0, 0, 0, 0, 0, 0, 0xE4, 0, 0, 0x90, 7])
    lines = {0: text.encode("A")}
    walking = screen(make_memory, lines, registers=hidden, auto_transfer=0)
    assert read_text(walking, glyphs).ids == b""


def test_the_scrolled_background_is_read_while_the_window_is_hidden_but_text_is_transferred(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    scrolled = bytes([0xE3, 0, 16, 8, 0, 0, 0, 0xE4, 0, 0, 0x90, 7])
    memory = screen(make_memory, {3: text.encode(" XHI")}, registers=scrolled, tile_map=0x9800)
    assert read_text(memory, glyphs).segments == ["XHI"]
    unscrolled_column = screen(
        make_memory, {3: text.encode("XHI")}, registers=scrolled, tile_map=0x9800
    )
    assert read_text(unscrolled_column, glyphs).segments == ["HI"]


@pytest.mark.parametrize(
    "registers",
    [
        bytes([0x63, *WINDOW_ON[1:]]),  # LCD off
        WINDOW_ON[:7] + b"\x00" + WINDOW_ON[8:],  # all white
        WINDOW_ON[:7] + b"\xff" + WINDOW_ON[8:],  # all black
    ],
)
def test_nothing_is_read_from_a_dark_or_blank_screen(
    make_memory: MakeMemory, glyphs: GlyphTable, registers: bytes
) -> None:
    memory = screen(make_memory, {0: text.encode("A")}, registers=registers)
    assert read_text(memory, glyphs).ids == b""


def test_nothing_is_read_when_the_font_is_not_in_video_memory(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    memory = screen(make_memory, {0: text.encode("A")}, tiles={0x80: pattern(0x80, 7)})
    assert read_text(memory, glyphs).ids == b""


def test_of_a_text_too_long_the_top_is_cut(make_memory: MakeMemory, glyphs: GlyphTable) -> None:
    memory = screen(make_memory, {row: text.encode("ABCDEFGHIJKLMNOPQRST") for row in range(18)})
    shown = read_text(memory, glyphs)
    assert len(shown.ids) == 18 * 21 - 1
    assert shown.window == shown.ids[-200:]


def test_a_reader_notices_a_new_bitmap_under_the_same_tile_numbers(
    make_memory: MakeMemory, glyphs: GlyphTable
) -> None:
    tiles = {0x6E: pattern(0x6E, 2)}
    memory = screen(make_memory, {0: b"\x6e" + text.encode("5")}, tiles=tiles)
    reader = TextReader(memory, glyphs)
    assert str(reader.read()) == ":5"
    poke(memory, 0x9000 + 16 * 0x6E, pattern(0x6E, 3))
    assert str(reader.read()) == "Lv5"
    poke(memory, 0x8800, bytes(16))  # the font is gone
    assert reader.read().ids == b""
    poke(memory, 0x8800, glyphs.font_probe)
    poke(memory, 0x9000 + 16 * 0x6E, pattern(0x6E, 2))
    assert str(reader.read()) == ":5"


def poke(memory: Recording, address: int, raw: bytes) -> None:
    memory._memory[address : address + len(raw)] = raw


@pytest.mark.parametrize("state", ["start", "rockfall_cleared", "got_oil"])
def test_a_reader_that_remembers_reads_what_a_new_one_reads(state: str) -> None:
    env = PokeRedEnv(start_state=state)
    env.reset(seed=0)
    for action in np.random.default_rng(0).integers(7, size=150).tolist():
        *_, info = env.step(action)
        assert info["text"] == str(read_text(env.emulator, env.rom.glyphs))
    env.close()


def test_text_in_the_lighter_shade_of_credits_is_read_too() -> None:
    """Credits clear the low plane of the font's bitmaps."""
    env = PokeRedEnv(start_state="start")
    env.reset(seed=0)
    env.step(6)  # the menu
    shown = str(read_text(env.emulator, env.rom.glyphs))
    assert shown
    for address in range(0x8800, 0x9000, 2):
        env.emulator.write(address, 0)
    assert str(read_text(env.emulator, env.rom.glyphs)) == shown
    env.close()
