"""An episode that ended, and the numbers its environment gave about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Episode", "read_summary"]

_SUMMARY_KEYS = ("episode", "episode_summary")


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode that ended.

    Attributes:
        env_index: Which environment it ran in.
        score: Sum of its rewards (the return).
        length: Number of steps.
        summary: Numbers in the last ``info["episode"]`` and ``info["episode_summary"]``.
    """

    env_index: int
    score: float
    length: int
    summary: dict[str, float] = field(default_factory=dict)


def read_summary(info: Mapping[str, Any], index: int) -> dict[str, float]:
    """Numbers the environment gave at an episode's end, in ``info`` or ``info["final_info"]``."""
    final = info.get("final_info") or {}
    numbers: dict[str, float] = {}
    entries = [
        entry
        for source in (info, final if isinstance(final, Mapping) else {})
        for name in _SUMMARY_KEYS
        if isinstance(source.get(name), Mapping)
        for entry in source[name].items()
    ]
    for key, values in entries:
        if key.startswith("_"):
            continue
        value = np.asarray(values[index] if np.ndim(values) else values)
        if value.ndim == 0 and value.dtype.kind in "iufb":
            numbers[key] = float(value)
    return numbers
