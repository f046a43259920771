"""The floors of the engine's C sources: a file includes headers of lower floors only."""

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

_INCLUDE = re.compile(r'^#include "(\w+)\.h"', re.MULTILINE)


def upward_includes(sources: Path) -> list[str]:
    """Return every include that goes up or sideways, and every file without a floor, as text."""
    height = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    wrong = []
    for path in sorted(sources.glob("*.c")):
        name = path.stem
        if name not in height:
            wrong.append(f"{path.name} has no floor")
            continue
        for other in _INCLUDE.findall(path.read_text()):
            is_free = other in GROUND or other == name or (name, other) in KNOT
            if not is_free and height.get(other, len(FLOORS)) >= height[name]:
                wrong.append(f"{path.name} includes {other}.h, which is not below it")
    return wrong
