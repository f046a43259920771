"""Pictures of the LCD for people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHADES = np.array(list("█▓▒ "))


def rgb_array(lcd: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a copy of the LCD, ``(144, 160, 3)``."""
    return lcd[:, :, :3].copy()


def ansi(lcd: NDArray[np.uint8], text: str) -> str:
    """Draw the LCD with characters, 80 columns by 36 rows, and write the text under it."""
    shades = _SHADES[lcd[1::4, ::2, 0] // 64]
    return "\n".join("".join(row) for row in shades) + f"\n{text}\n"
