"""Check recordings of memory against what a person reads on the screen.

``python -m pokered_env.conformance DIR`` decodes every ``NAME.npz`` of a folder and compares it
with the entry ``NAME`` of its ``labels.json``. It prints every mismatch and, as its last line, JSON
with the exact matches of each field. The exit status is 1 if anything differs or nothing was
compared. Recordings without a label are only checked for being decodable, and named as skipped, as
are labels without a recording.

A recording holds `wram` (0xC000–0xDFFF), `vram` (0x8000–0x9FFF), `io` (0xFF00–0xFF4B) and `hram`
(0xFF80–0xFFFE), uint8, all of one moment; or, without a label, all of the same many moments,
``(moments, size)``. A label with a text needs all but `hram`, any other only `wram`.

The characters' bitmaps come from `glyphs.csv` in the folder (`token_hex,character`: 16 bytes of a
tile in video memory), else from the ROM. A label is an object with any of `text` (list of segments,
null where memory and picture may differ), `map_id`, `map_name`, `x`, `y`, `facing`, `in_battle`,
`party` (objects with `species`, `level`, `hp`, `max_hp`), `money`, `badges` (bit mask), `events`
(names) and `what` (a remark).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pokered_env.errors import PokeRedError, RecordingError
from pokered_env.game import profiles
from pokered_env.game.game_state import GameState
from pokered_env.game.glyphs import GlyphTable
from pokered_env.game.ram import PARTY_SIZE
from pokered_env.game.rom import resolve_rom
from pokered_env.game.rom_profile import RomProfile
from pokered_env.game.screen_text import read_text
from pokered_env.game.text import ScreenText
from pokered_env.recording.recordings import Recording, read_glyphs, read_labels, read_recording
from pokered_env.task import observation
from pokered_env.task.exploration import Exploration

__all__ = ["Mismatch", "Recording", "Report", "check_folder", "decode", "main"]

_OF_THE_SCREEN = {"vram", "io"}  # what a text is read from, beside `wram`


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
        skipped: What was not compared, and why: recordings without a label, which were only
            decoded, and labels without a recording.
    """

    matches: Counter[str]
    compared: Counter[str]
    mismatches: list[Mismatch]
    skipped: dict[str, str]

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
        return {"fields": fields, "mismatches": len(self.mismatches), "skipped": [*self.skipped]}


def check_folder(
    folder: Path, profile: RomProfile | None = None, glyphs: GlyphTable | None = None
) -> Report:
    """Decode every recording of a folder and compare it with its label.

    Args:
        folder: Has ``*.npz``, ``labels.json`` and perhaps ``glyphs.csv``.
        profile: The recorded game; None for Pokémon Red.
        glyphs: The characters' bitmaps for a folder without ``glyphs.csv``.

    Raises:
        RecordingError: A file cannot be read, or is not what it should be.
    """
    profile = profile or profiles.pokemon_red()
    labels = read_labels(folder / "labels.json")
    own_glyphs = folder / "glyphs.csv"
    if glyphs is None or own_glyphs.exists():
        glyphs = read_glyphs(own_glyphs)
    report = Report(Counter(), Counter(), [], {})
    paths = {path.stem: path for path in sorted(folder.glob("*.npz"))}
    if not paths:
        raise RecordingError(f"There are no recordings (*.npz) in {folder}.")
    for name, path in paths.items():
        moments = read_recording(path)
        if name not in labels:
            _decode_all(moments, profile, glyphs)
            report.skipped[name] = "no label"
            continue
        _check_fit(path, moments, labels[name])
        _compare(name, decode(moments[0], profile, glyphs), labels[name], report)
    report.skipped.update((name, "no recording") for name in labels if name not in paths)
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
    for name, reason in report.skipped.items():
        print(f"{name}: skipped, {reason}")
    print(json.dumps(report.summary(), ensure_ascii=False))
    if not report.compared:
        print("conformance: nothing was compared, no label has a value.", file=sys.stderr)
    return 1 if report.mismatches or not report.compared else 0


def _check_fit(path: Path, moments: list[Recording], label: dict[str, Any]) -> None:
    if len(moments) > 1:
        raise RecordingError(
            f"{path} has a label, but {len(moments)} moments. Record the labelled one by itself."
        )
    if label.get("text") is not None and not _OF_THE_SCREEN <= {*moments[0].regions}:
        raise RecordingError(
            f"{path} is labelled with a text, but has only {', '.join(moments[0].regions)}. Record "
            "`vram` and `io` too, or label text null."
        )


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
    if field == "events":
        return sorted  # the order in which a label names them means nothing
    if field == "party":  # labels of memory list a member before it is written: it is none yet
        return lambda party: [member for member in party if member["max_hp"]]
    return lambda value: value


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
