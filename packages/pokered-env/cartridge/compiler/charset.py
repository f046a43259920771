"""The character codes of strings and of the font's tiles, and wrapping text into boxes."""

from __future__ import annotations

import re
import string

from compiler.blocks import Line

FIRST_FONT_TILE = 0x80
TEXT_WIDTH = 18
LATER_WIDTH = 17  # of all rows but a page's first: the arrow blinks behind them
NEXT_ROW, END, NEW_PAGE, SCROLL = 0x4F, 0x50, 0x51, 0x55
INSERTS = {
    "PLAYER": 0x52,
    "RIVAL": 0x53,
    "MOTE": 0x54,
    "NAME": 0x56,
    "NAME2": 0x57,
    "OWN": 0x58,
    "FOE": 0x59,
    "NUMBER": 0x5A,
}
INSERT_WIDTH = {"PLAYER": 7, "RIVAL": 7, "NUMBER": 5}
DEFAULT_INSERT_WIDTH = 10

CODES: dict[str, int] = {" ": 0x7F}
CODES.update({letter: 0x80 + i for i, letter in enumerate(string.ascii_uppercase + "():;[]")})
CODES.update({letter: 0xA0 + i for i, letter in enumerate(string.ascii_lowercase)})
CODES.update({digit: 0xF6 + i for i, digit in enumerate(string.digits)})
CODES.update(
    {
        "é": 0xBA,
        "'d": 0xBB,
        "'l": 0xBC,
        "'s": 0xBD,
        "'t": 0xBE,
        "'v": 0xBF,
        "'": 0xE0,
        "-": 0xE3,
        "'r": 0xE4,
        "'m": 0xE5,
    }
)
CODES.update(
    {
        "?": 0xE6,
        "!": 0xE7,
        ".": 0xE8,
        "▷": 0xEC,
        "▶": 0xED,
        "▼": 0xEE,
        "♂": 0xEF,
        "×": 0xF1,
        "/": 0xF3,
        ",": 0xF4,
        "♀": 0xF5,
    }
)
CODES["…"] = 0x75

_TOKEN = re.compile(r"\{(\w+)\}|(.)", re.DOTALL)


def encode(text: str, line: Line) -> bytes:
    """Encode one row of text; `{PLAYER}` and the like become insert codes.

    Raises:
        ContentError: If a character has no glyph.
    """
    codes = []
    for insert, character in _TOKEN.findall(text):
        table, key = (INSERTS, insert) if insert else (CODES, character)
        if key not in table:
            raise line.error(f"no character {key!r} in the font")
        codes.append(table[key])
    return bytes(codes)


def encode_name(text: str, size: int, line: Line) -> bytes:
    """Encode a shown name (`_` is a blank) with its terminator, padded to `size` bytes."""
    codes = encode(text.replace("_", " ").strip(), line)
    if len(codes) >= size:
        raise line.error(f"{text!r} is longer than {size - 1} characters")
    return codes + bytes([END]) * (size - len(codes))


def encode_message(text: str, line: Line) -> bytes:
    """Wrap and encode a message: `|` forces a row, `||` a page; ends with the terminator."""
    message = b""
    for number, page in enumerate(text.split("||")):
        rows: list[str] = []
        for part in page.split("|"):
            rows += _wrap(part.strip(), LATER_WIDTH if rows else TEXT_WIDTH, line)
        if number:
            message += bytes([NEW_PAGE])
        for i, row in enumerate(rows):
            message += bytes([] if i == 0 else [NEXT_ROW] if i == 1 else [SCROLL])
            message += encode(row, line)
    return message + bytes([END])


def _wrap(text: str, first_width: int, line: Line) -> list[str]:
    rows = [""]
    for word in text.split():
        if _width(word) > LATER_WIDTH:
            raise line.error(f"{word!r} is wider than a text row ({LATER_WIDTH})")
        longer = f"{rows[-1]} {word}" if rows[-1] else word
        if _width(longer) <= (first_width if len(rows) == 1 else LATER_WIDTH):
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def _width(text: str) -> int:
    return sum(
        INSERT_WIDTH.get(insert, DEFAULT_INSERT_WIDTH) if insert else 1
        for insert, _ in _TOKEN.findall(text)
    )
