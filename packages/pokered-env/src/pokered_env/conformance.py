"""Check recordings of memory against what a person reads on the screen.

``python -m pokered_env.conformance DIR`` decodes every ``NAME.npz`` of a folder and compares it
with the entry ``NAME`` of its ``labels.json``. It prints every mismatch and, as its last line, JSON
with the exact matches of each field. The exit status is 1 if anything differs.

A recording holds `wram` (0xC000–0xDFFF), `vram` (0x8000–0x9FFF), `io` (0xFF00–0xFF4B) and `hram`
(0xFF80–0xFFFE), uint8, all of one moment. With `wram` and `hram` of many consecutive moments it has
no label, and is only checked for being decodable. The characters' bitmaps come from `glyphs.csv` in
the folder (`token_hex,character`: 16 bytes of a tile in video memory), else from the ROM. A label
is an object with any of `text` (list of segments, null where memory and picture may differ),
`map_id`, `map_name`, `x`, `y`, `facing`, `in_battle`, `party` (objects with `species`, `level`,
`hp`, `max_hp`), `money`, `badges` (bit mask) and `events` (names).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env import observation, profiles
from pokered_env.errors import PokeRedError, RecordingError
from pokered_env.exploration import Exploration
from pokered_env.game_state import GameState
from pokered_env.glyphs import GlyphTable, font_of_characters, glyph_code
from pokered_env.ram import PARTY_SIZE
from pokered_env.rom import resolve_rom
from pokered_env.rom_profile import RomProfile
from pokered_env.screen_text import read_text
from pokered_env.text import ScreenText

_REGIONS = {"vram": 0x8000, "wram": 0xC000, "io": 0xFF00, "hram": 0xFF80}
_SIZES = {"vram": 0x2000, "wram": 0x2000, "io": 0x4C, "hram": 0x7F}


class Recording:
    """One recorded moment, readable like memory.

    Args:
        regions: Bytes by the names `vram`, `wram`, `io`, `hram`; a missing one reads as zeros.
    """

    def __init__(self, regions: Mapping[str, NDArray[np.uint8]]) -> None:
        self._memory = bytearray(0x10000)
        for name, start in _REGIONS.items():
            if name in regions:
                raw = regions[name].tobytes()
                self._memory[start : start + len(raw)] = raw

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes from ``address`` on."""
        return bytes(self._memory[address : address + size])

    def read_byte(self, address: int) -> int:
        """Return the byte at ``address``."""
        return self._memory[address]


@dataclass(frozen=True)
class Mismatch:
    """One field of one recording that was decoded otherwise than labelled."""

    recording: str
    field: str
    decoded: Any
    labelled: Any


@dataclass
class Report:
    """What was compared.

    Attributes:
        matches: Exact matches by field.
        compared: Comparisons by field.
        mismatches: Everything that differs.
        skipped: Recordings without a label, which were only decoded.
    """

    matches: Counter[str]
    compared: Counter[str]
    mismatches: list[Mismatch]
    skipped: list[str]

    def summary(self) -> dict[str, Any]:
        """Return exact matches, comparisons and accuracy by field, as JSON values."""
        fields = {
            field: {
                "exact": self.matches[field],
                "of": total,
                "accuracy": self.matches[field] / total,
            }
            for field, total in sorted(self.compared.items())
        }
        return {"fields": fields, "mismatches": len(self.mismatches), "skipped": self.skipped}


def check_folder(
    folder: Path, profile: RomProfile | None = None, glyphs: GlyphTable | None = None
) -> Report:
    """Decode every recording of a folder and compare it with its label.

    Args:
        folder: Has ``*.npz``, ``labels.json`` and perhaps ``glyphs.csv``.
        profile: The recorded game; None for Pokémon Red.
        glyphs: The characters' bitmaps; None for those of ``glyphs.csv``.

    Raises:
        RecordingError: A file cannot be read, or is not what it should be.
    """
    profile = profile or profiles.pokemon_red()
    labels = _read_labels(folder / "labels.json")
    glyphs = glyphs or read_glyphs(folder / "glyphs.csv")
    report = Report(Counter(), Counter(), [], [])
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise RecordingError(f"There are no recordings (*.npz) in {folder}.")
    for path in paths:
        moments = _read_recording(path)
        if path.stem not in labels:
            _decode_all(moments, profile, glyphs)
            report.skipped.append(path.stem)
            continue
        _compare(path.stem, decode(moments[0], profile, glyphs), labels[path.stem], report)
    return report


def decode(recording: Recording, profile: RomProfile, glyphs: GlyphTable) -> dict[str, Any]:
    """Return everything a label can name, and the observation of the moment checked against it."""
    state = GameState.read(recording)
    shown = read_text(recording, glyphs)
    _check_observation(state, shown, profile)
    return {
        "text": shown.segments,
        "map_id": state.map_id,
        "map_name": profile.maps.name(state.map_id),
        "x": state.x,
        "y": state.y,
        "facing": state.direction.name.lower(),
        "in_battle": int(state.battle),
        "party": [
            {
                "species": profile.species.get(member.species, str(member.species)),
                "level": member.level,
                "hp": member.hp,
                "max_hp": member.max_hp,
            }
            for member in state.party
        ],
        "money": state.money,
        "badges": state.badges,
        "events": list(profile.events.names(state.events)),
    }


def read_glyphs(path: Path) -> GlyphTable:
    """Read ``glyphs.csv``: 16 bytes of a tile in hexadecimal, and its character.

    Raises:
        RecordingError: There is no such file, or it lacks the letter A.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(bytes.fromhex(r["token_hex"]), r["character"]) for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"Cannot read {path} ({error!r}). Pass --rom instead.") from error
    probes = [pattern for pattern, character in rows if character == "A"]
    if not probes:
        raise RecordingError(f"{path} does not have the letter A.")
    patterns = {pattern: glyph_code(character) for pattern, character in rows}
    return font_of_characters(patterns, probes[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pokered_env.conformance", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of recordings")
    parser.add_argument("--rom", help="ROM the recordings are of (default: Pokémon Red's tables)")
    options = parser.parse_args(arguments)
    try:
        rom = resolve_rom(options.rom) if options.rom else None
        report = check_folder(
            options.folder, rom.profile if rom else None, rom.glyphs if rom else None
        )
    except PokeRedError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 1
    for item in report.mismatches:
        print(f"{item.recording}: {item.field} is {item.decoded!r}, labelled {item.labelled!r}")
    for name in report.skipped:
        print(f"{name}: skipped, no label")
    print(json.dumps(report.summary(), ensure_ascii=False))
    return 1 if report.mismatches else 0


def _read_labels(path: Path) -> dict[str, Any]:
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"Cannot read {path} ({error}).") from error
    if not isinstance(labels, dict) or not all(isinstance(v, dict) for v in labels.values()):
        raise RecordingError(f"{path} is no object of one object for each recording.")
    return labels


def _read_recording(path: Path) -> list[Recording]:
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
    if regions["wram"].ndim == 1:
        return [Recording(regions)]
    return [Recording(dict(zip(regions, moment, strict=True))) for moment in _moments(regions)]


def _moments(regions: dict[str, NDArray[np.uint8]]) -> list[tuple[NDArray[np.uint8], ...]]:
    return list(zip(*regions.values(), strict=True))


def _decode_all(moments: list[Recording], profile: RomProfile, glyphs: GlyphTable) -> None:
    for moment in moments:
        decode(moment, profile, glyphs)


def _compare(name: str, decoded: dict[str, Any], label: dict[str, Any], report: Report) -> None:
    for field, value in decoded.items():
        if label.get(field) is None:
            continue
        report.compared[field] += 1
        if _normal(field)(value) == _normal(field)(label[field]):
            report.matches[field] += 1
        else:
            report.mismatches.append(Mismatch(name, field, value, label[field]))


def _normal(field: str) -> Callable[[Any], Any]:
    # the order in which a label names events means nothing
    return sorted if field == "events" else lambda value: value


def _check_observation(state: GameState, shown: ScreenText, profile: RomProfile) -> None:
    out = observation.new_observation()
    lcd = np.zeros((144, 160, 4), np.uint8)
    observation.Encoder(lcd, Exploration(profile.maps)).encode(state, shown, out)
    if not observation.OBSERVATION_SPACE.contains(out):
        raise RecordingError("The observation of a recording is outside its space.")
    numbers = observation.decode_state(out["state"])
    levels = [min(member.level, 100) for member in state.party]
    levels += [0] * (PARTY_SIZE - len(levels))
    if (
        numbers["map_id"][0] != state.map_id
        or bytes(numbers["events"].astype(np.uint8)) != state.events
        or numbers["party_level"].tolist() != levels
    ):
        raise RecordingError("The state vector of a recording does not decode to its game state.")


if __name__ == "__main__":
    sys.exit(main())
