"""What open-loop prediction gives: the truth beside what the model imagined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["OpenLoop"]


@dataclass(frozen=True)
class OpenLoop:
    """Predictions of a batch: filtered at first, then imagined from the actions alone.

    Attributes:
        observations: Key to (truth, prediction), both ``(B, T, *shape)`` in observation units.
        reward: Truth and prediction ``(B, T)``.
        continues: Truth (1 − terminal) and predicted continue probability ``(B, T)``.
        context_steps: Steps that were filtered; later ones are imagined.
        highs: Highest value of a pixel by key, for those where it is not 255.
    """

    observations: dict[str, tuple[np.ndarray, np.ndarray]]
    reward: tuple[np.ndarray, np.ndarray]
    continues: tuple[np.ndarray, np.ndarray]
    context_steps: int
    highs: Mapping[str, float] = field(default_factory=dict)
