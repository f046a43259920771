"""The floors of the engine's C sources: file and header include headers of lower floors only."""

from __future__ import annotations

import re
from pathlib import Path

FLOORS: tuple[tuple[str, ...], ...] = (
    ("memory", "joypad", "cells"),
    ("party", "people"),
    ("screen", "items"),
    ("map", "text"),
    ("regions", "dialogue", "battle_screen"),
    ("step", "attack", "menu"),
    ("scripted_walk", "ask", "growth", "shop"),
    ("battle",),
    ("script",),
    ("encounter",),
    ("walk",),
    ("main",),
)
"""From the ground up."""

GROUND = {"abi", "private", "types", "system", "content", "strings", "opcodes"}
"""Headers without a file of their own here: memory, types, what assembly and content offer."""

KNOT = {("battle", "script")}
"""A script starts a battle, and a battle that is lost ends in the script of waking up."""

_INCLUDE = re.compile(r'^\s*#\s*include\s+"(\w+)\.h"', re.MULTILINE)
_PROTOTYPE = re.compile(r"^(?!static\b)(?:\w+[ *]+)+(\w+)\([^;{}]*\);", re.MULTILINE)


def upward_includes(sources: Path) -> list[str]:
    """Return what breaks the floors, as text.

    That is every include that goes up or sideways, every file without a floor, and every function
    that a source declares by itself: such a call would need no include.
    """
    height = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    height |= dict.fromkeys(GROUND, -1)
    paths = sorted([*sources.glob("*.c"), *sources.glob("*.h")])
    return [breach for path in paths for breach in _breaches(path, height)]


def _breaches(path: Path, height: dict[str, int]) -> list[str]:
    name = path.stem
    if name not in height:
        return [f"{path.name} has no floor"]
    text = path.read_text()
    wrong = [
        f"{path.name} includes {other}.h, which is not below it"
        for other in _INCLUDE.findall(text)
        if not _may_include(path, other) and height.get(other, len(FLOORS)) >= height[name]
    ]
    if path.suffix == ".c":
        wrong += [f"{path.name} declares {it} by itself" for it in _PROTOTYPE.findall(text)]
    return wrong


def _may_include(path: Path, other: str) -> bool:
    """Whatever the floors say: the ground, its own header, and a source the knot."""
    in_knot = path.suffix == ".c" and (path.stem, other) in KNOT
    return other in GROUND or other == path.stem or in_knot
