"""Mistakes in the content are named with file and line; text becomes rows of the box."""

from __future__ import annotations

import shutil
from pathlib import Path

import build
import pytest
from compiler.blocks import ContentError, Line
from compiler.charset import NEW_PAGE, NEXT_ROW, SCROLL, encode_message
from compiler.layout import Piece, Ref, RomFullError, link, place

LINE = Line("say something", Path("test.txt"), 7)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return Path(shutil.copytree(build.CONTENT, tmp_path / "content"))


def _read(content: Path) -> None:
    build.read_content(content, build.read_game(content))


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("tiles/indoor.txt", "= COUNTER c counter", "= COUNTER c table", "'table' is none of"),
        ("maps/home.txt", "warp exit 3 7", "warp exit 0 1", "cannot be walked on"),
        ("maps/home.txt", "to WICKHAM home_door", "to WICKHAM attic", "no warp 'attic'"),
        ("maps/reed_path.txt", "at 8 40", "at 8 60", "overlaps"),
        ("scripts/services.txt", "hearth\n", "hearht\n", "no such command"),
        ("scripts/services.txt", "shop VALE_SHOP", "shop MALL", "no shop 'MALL'"),
        ("species.txt", "learn 1 BUMP", "learn 1 BUMPP", "no move 'BUMPP'"),
        ("flags.txt", "1 TALKED", "900 TALKED", "outside 1..399"),
    ],
)
def test_a_mistake_is_named(content: Path, file: str, old: str, new: str, complaint: str) -> None:
    path = content / file
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ContentError, match=complaint) as error:
        _read(content)
    assert path.name in str(error.value)


def test_a_missing_file_is_named(content: Path) -> None:
    (content / "moves.txt").unlink()
    with pytest.raises(ContentError, match=r"moves\.txt"):
        _read(content)


def test_long_text_wraps_into_rows_that_scroll() -> None:
    message = encode_message("one two three four five six seven eight nine ten eleven", LINE)
    assert message.count(NEXT_ROW) == 1
    assert message.count(SCROLL) == 2
    first, *later = message[:-1].replace(bytes([SCROLL]), bytes([NEXT_ROW])).split(b"O")
    assert len(first) <= 18
    assert max(map(len, later)) <= 17, "a letter would stand under the arrow"


def test_two_bars_begin_a_new_page() -> None:
    assert encode_message("one||two", LINE).count(NEW_PAGE) == 1


def test_a_character_without_a_glyph_is_named() -> None:
    with pytest.raises(ContentError, match=r"test\.txt:7.*'€'"):
        encode_message("5 €", LINE)


def test_pointers_lead_to_the_pieces_placed_in_banks() -> None:
    pieces = [Piece("big", (bytes(0x3FF0),)), Piece("list", (b"\x01", Ref("big", 2, far=True)))]
    places = place(pieces, 2)
    image = link(pieces, places, 2)
    there = places["list"].file_offset - 2 * 0x4000
    assert image[there : there + 4] == bytes([1, 0x02, 0x40, places["big"].bank])


def test_data_that_fits_nowhere_is_named() -> None:
    with pytest.raises(RomFullError, match="huge"):
        place([Piece("huge", (bytes(0x4001),))], 2)
