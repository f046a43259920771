"""When something that happens every N steps is due."""

from __future__ import annotations

__all__ = ["Every"]


class Every:
    """Due once in each stretch of ``period`` steps; never if the period is 0."""

    def __init__(self, period: int) -> None:
        self._period = period
        self.done = 0

    def due(self, step: int) -> bool:
        """Whether a multiple of the period has been passed since this was last True."""
        if not self._period or step // self._period <= self.done:
            return False
        self.done = step // self._period
        return True
