"""What the replay hands to the agent: a batch of sequences, in the spaces' own dtypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "Context"]


class Context(TypedDict):
    """Posterior at the row before each sequence's first row, as last computed.

    Attributes:
        deter: ``(B, D)`` float32.
        stoch: Class index per group, ``(B, S)`` int64.
        valid: ``(B,)`` bool; False where nothing is stored (start from the zero state).
    """

    deter: NDArray[np.float32]
    stoch: NDArray[np.int64]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """B sequences of T rows; a row is what arrived together.

    ``action[:, t]`` led to ``obs[:, t]`` and is all zeros where ``is_first``; ``reward[:, t]``
    came with it. Arrays are owned by the caller.

    Attributes:
        obs: Key to ``(B, T, *shape)`` in the space's dtype.
        action: ``(B, T, *action_shape)`` in the action space's own form.
        reward: ``(B, T)`` float32.
        is_first: ``(B, T)`` bool, the reset row of an episode.
        is_last: ``(B, T)`` bool, the last row of an episode, however it ended.
        is_terminal: ``(B, T)`` bool, the last row of an episode that ended by ``terminated``.
        ids: ``(B, T)`` int64 row ids, opaque; -1 on padding.
        context: State before the first row, or None if the replay stores none.
        valid: ``(B, T)`` bool, False on padding rows at the end; None if nothing is padded
            (always so with ``boundary="cross"``).
        burn_in: The ``(B, K)`` rows before the first ones, if ``ReplayConfig.burn_in`` asks for
            them: they warm the state up and are not learned from. Its own ``context`` is the state
            before them; ``valid`` is False for sequences that have none (they start from theirs).
    """

    obs: dict[str, NDArray[np.generic]]
    action: NDArray[np.generic]
    reward: NDArray[np.float32]
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]
    is_terminal: NDArray[np.bool_]
    ids: NDArray[np.int64]
    context: Context | None = None
    valid: NDArray[np.bool_] | None = None
    burn_in: Batch | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(B, T)."""
        batch, length = self.reward.shape
        return batch, length
