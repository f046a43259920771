"""Recordings of memory, their labels and the characters' bitmaps, as files of a folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pokered_env.errors import RecordingError
from pokered_env.folders import FileKindError, read_file
from pokered_env.game.glyphs import GlyphTable, font_of_characters, glyph_code
from pokered_env.untrusted import WHOLE, WORD, WORDS, Kind, is_list_of, parse_object

_REGIONS = {"vram": 0x8000, "wram": 0xC000, "io": 0xFF00, "hram": 0xFF80}
_SIZES = {"vram": 0x2000, "wram": 0x2000, "io": 0x4C, "hram": 0x7F}
_PATTERN_SIZE = 16
_NOTE = "what"  # a label's remark for people
_MAX_FILE_SIZE = 2**26
_MAX_REGION_SIZE = 2**25  # of what is compressed in it: 4,096 moments of work RAM
_NPY_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


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
        regions = _read_regions(read_file(path, _MAX_FILE_SIZE))
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from error
    except Exception as error:  # zipfile and numpy raise whatever their parsers do
        raise RecordingError(f"{path} is no readable .npz file ({error!r}).") from error
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


def _read_regions(data: bytes) -> dict[str, NDArray[np.uint8]]:
    with ZipFile(io.BytesIO(data)) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        regions = {}
        for name in _REGIONS:
            if (member := f"{name}.npy") in sizes:
                if sizes[member] > _MAX_REGION_SIZE:  # zipfile inflates no more than it announces
                    raise RecordingError(
                        f"{name} has {sizes[member]:,} bytes, at most {_MAX_REGION_SIZE:,} are "
                        "read. Divide the recording."
                    )
                regions[name] = _read_region(name, archive.read(member))
        return regions


def _read_region(name: str, data: bytes) -> NDArray[np.uint8]:
    """Return the array in an ``.npy`` file: numpy makes what it announces, whatever follows."""
    file = io.BytesIO(data)
    shape, is_fortran, dtype = _NPY_HEADERS[npy.read_magic(file)](file)
    if dtype != np.uint8 or len(shape) > 2 or shape[-1:] != (_SIZES[name],):
        raise RecordingError(f"{name} is {dtype} {shape}, not uint8 (…, {_SIZES[name]}).")
    numbers = np.frombuffer(data, np.uint8, offset=file.tell())
    return numbers.reshape(shape, order="F" if is_fortran else "C")


def read_labels(path: Path) -> dict[str, dict[str, Any]]:
    """Read ``labels.json``: what each recording shows.

    Raises:
        RecordingError: It cannot be read, names a field there is not, or a value of another kind.
    """
    try:
        labels = parse_object(read_file(path, _MAX_FILE_SIZE))
    except (OSError, ValueError, FileKindError) as error:
        raise RecordingError(f"Cannot read {path} ({error}).") from error
    if not all(isinstance(v, dict) for v in labels.values()):
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
        file = io.StringIO(read_file(path, _MAX_FILE_SIZE).decode("utf-8"), newline="")
        rows = [(_pattern(r["token_hex"]), r["character"]) for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error, FileKindError) as error:
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
    if value is not None and not _KINDS[field].holds(value):
        raise RecordingError(
            f"{where} labels {field} {value!r}. Give {_KINDS[field].words}, or null for none."
        )


def _is_member(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"species", "level", "hp", "max_hp"}:
        return False
    return all(WORD.holds(v) if key == "species" else WHOLE.holds(v) for key, v in value.items())


_MEMBER = Kind("an object with species, level, hp and max_hp", _is_member)
_KINDS = {
    "text": WORDS,
    "map_id": WHOLE,
    "map_name": WORD,
    "x": WHOLE,
    "y": WHOLE,
    "facing": WORD,
    "in_battle": WHOLE,
    "party": Kind(
        "a list of objects with species, level, hp and max_hp", lambda v: is_list_of(v, _MEMBER)
    ),
    "money": WHOLE,
    "badges": WHOLE,
    "events": WORDS,
}
