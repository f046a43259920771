"""Milestones of a game as start states, reached by the actions of a whole play.

A file gives, milestone by milestone, the actions since the one before, and what holds where they
end (`EndCondition`). The first go on from the start state ``after``; without one, from power-on.
Actions are run-length coded: ``6ar`` is six times A and once right, each button by its first
letter. ``tests/pokered_env/cartridge/record_milestones.py`` writes the open cartridge's file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from pokered_env.game.end_condition import EndCondition
from pokered_env.game.rom_profile import StartState
from pokered_env.game.scripts import InputScript, Press

BUTTONS = {name[0]: name for name in ("down", "left", "right", "up", "a", "b", "start")}
_RUN = re.compile(r"(\d*)([a-z])")


def read_milestones(path: Path, rom_sha1: str) -> dict[str, StartState]:
    """Read the milestones of a ROM as start states by name, in the order they are reached.

    Args:
        path: The file.
        rom_sha1: SHA-1 of the ROM. The file of another build has nothing to say about it.

    Returns:
        The start states; none if the file is of another ROM.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["sha1"] != rom_sha1:
        return {}
    states: dict[str, StartState] = {}
    after: str | None = data.get("after")
    for entry in data["milestones"]:
        script = _script(entry["actions"], data["hold_frames"], data["action_frames"])
        states[entry["name"]] = StartState(
            entry["description"], script, after, EndCondition(**entry["reached"])
        )
        after = entry["name"]
    return states


def _script(actions: str, hold_frames: int, action_frames: int) -> InputScript:
    return tuple(
        Press(BUTTONS[letter], hold_frames, action_frames, repeat=int(times or 1))
        for times, letter in _RUN.findall(actions)
    )
