"""Recordings of memory, their labels and the characters' bitmaps, as files of a folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import RecordingError
from pokered_env.game.glyphs import GlyphTable, font_of_characters, glyph_code

_REGIONS = {"vram": 0x8000, "wram": 0xC000, "io": 0xFF00, "hram": 0xFF80}
_SIZES = {"vram": 0x2000, "wram": 0x2000, "io": 0x4C, "hram": 0x7F}
_PATTERN_SIZE = 16
_NOTE = "what"  # a label's remark for people


class Recording:
    """One recorded moment, readable like memory.

    Args:
        regions: Bytes by the names `vram`, `wram`, `io`, `hram`; a missing one reads as zeros.

    Attributes:
        regions: Names of those that were recorded.
    """

    def __init__(self, regions: Mapping[str, NDArray[np.uint8]]) -> None:
        self._memory = bytearray(0x10000)
        self.regions = tuple(regions)
        for name, start in _REGIONS.items():
            if name in regions:
                raw = regions[name].tobytes()
                self._memory[start : start + len(raw)] = raw

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes from ``address`` on."""
        return bytes(self._memory[address : address + size])

    def reader(self, address: int, size: int) -> Callable[[], bytes]:
        """Return what reads ``size`` bytes from ``address`` on."""
        return partial(self.read, address, size)

    def read_byte(self, address: int) -> int:
        """Return the byte at ``address``."""
        return self._memory[address]


def read_recording(path: Path) -> list[Recording]:
    """Read every moment of a recording; there is at least one.

    Raises:
        RecordingError: The file is no recording, or its arrays are not of the same moments.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            regions = {name: file[name] for name in _REGIONS if name in file}
    except Exception as error:  # numpy raises whatever its parsers do
        raise RecordingError(f"{path} is no readable .npz file ({error!r}).") from error
    for name, array in regions.items():
        if array.dtype != np.uint8 or array.ndim > 2 or array.shape[-1:] != (_SIZES[name],):
            raise RecordingError(
                f"{path}: {name} is {array.dtype} {array.shape}, not uint8 (…, {_SIZES[name]})."
            )
    if "wram" not in regions:
        raise RecordingError(f"{path} has no array `wram`.")
    if len({array.shape[:-1] for array in regions.values()}) > 1 or not regions["wram"].size:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in regions.items())
        raise RecordingError(
            f"{path} has {shapes}. Record all arrays at the same moments, one or more: (size,) "
            "each, or (moments, size) each."
        )
    if regions["wram"].ndim == 1:
        return [Recording(regions)]
    moments = zip(*regions.values(), strict=True)
    return [Recording(dict(zip(regions, moment, strict=True))) for moment in moments]


def read_labels(path: Path) -> dict[str, dict[str, Any]]:
    """Read ``labels.json``: what each recording shows.

    Raises:
        RecordingError: It cannot be read, names a field there is not, or a value of another kind.
    """
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"Cannot read {path} ({error}).") from error
    if not isinstance(labels, dict) or not all(isinstance(v, dict) for v in labels.values()):
        raise RecordingError(f"{path} is no object of one object for each recording.")
    for name, label in labels.items():
        for field, value in label.items():
            _check_label(f"{path}: {name}", field, value)
    return labels


def read_glyphs(path: Path) -> GlyphTable:
    """Read ``glyphs.csv``: 16 bytes of a tile in hexadecimal, and its character.

    Raises:
        RecordingError: There is no such file, or it lacks the letter A.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(_pattern(r["token_hex"]), r["character"]) for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise RecordingError(
            f"Cannot read {path} ({error!r}). Where there is none, --rom has the characters."
        ) from error
    probes = [pattern for pattern, character in rows if character == "A"]
    if not probes:
        raise RecordingError(f"{path} does not have the letter A.")
    patterns = {pattern: glyph_code(character) for pattern, character in rows}
    return font_of_characters(patterns, probes[0])


def _pattern(token: str) -> bytes:
    pattern = bytes.fromhex(token)
    if len(pattern) != _PATTERN_SIZE:
        raise ValueError(f"{token!r} is not {_PATTERN_SIZE} bytes")
    return pattern


def _check_label(where: str, field: str, value: Any) -> None:
    if field == _NOTE:
        return
    if field not in _KINDS:
        raise RecordingError(
            f"{where} labels {field!r}. There is {', '.join(_KINDS)}, and {_NOTE!r} for a remark."
        )
    kind, is_kind = _KINDS[field]
    if value is not None and not is_kind(value):
        raise RecordingError(f"{where} labels {field} {value!r}. Give {kind}, or null for none.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_word(value: Any) -> bool:
    return isinstance(value, str)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_word, value))


def _is_party(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_member, value))


def _is_member(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"species", "level", "hp", "max_hp"}:
        return False
    return all(_is_word(v) if key == "species" else _is_number(v) for key, v in value.items())


_NUMBER, _WORD = ("a whole number", _is_number), ("a string", _is_word)
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a list of strings, the segments", _is_words),
    "map_id": _NUMBER,
    "map_name": _WORD,
    "x": _NUMBER,
    "y": _NUMBER,
    "facing": _WORD,
    "in_battle": _NUMBER,
    "party": ("a list of objects with species, level, hp and max_hp", _is_party),
    "money": _NUMBER,
    "badges": _NUMBER,
    "events": ("a list of strings, their names", _is_words),
}
