"""The game's alphabet, and a text on the screen as character ids and as ``str``.

A *segment* is a run of characters and blanks between other tiles; the segments of a screen come top
to bottom, then left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pokered_env.errors import ConfigError

TEXT_LENGTH = 200
PADDING = 0x00
NEWLINE = 0x4E
SPACE = 0x7F

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
                f"The game cannot write {symbol!r} (in {text!r}). pokered_env.game.text.CHARACTERS "
                "lists what it can."
            )
        codes.append(IDS[symbol])
    return bytes(codes)


def decode(ids: Iterable[int]) -> str:
    """Decode character ids, such as a ``text`` observation; padding is left out."""
    return "".join(CHARACTERS.get(code, "") for code in bytes(ids))


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
