"""When something that happens every N steps is due, and how many updates are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Every", "ReplayRatio"]


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


class ReplayRatio:
    """Counts the updates due; one whose ratio has changed counts by it from there on.

    Args:
        ratio: Replayed steps per environment step.
        steps_per_update: Steps one update replays.
        first_step: Environment steps before the first that counts.
    """

    def __init__(self, ratio: float, steps_per_update: int, first_step: int) -> None:
        self._ratio, self._steps_per_update = ratio, steps_per_update
        self._since, self._before = first_step, 0.0

    def due(self, step: int) -> int:
        """Updates due in all after this many environment steps."""
        return int(self._exact(step))

    def state(self) -> dict[str, Any]:
        """Return what ``restore`` needs."""
        return {"ratio": self._ratio, "since": self._since, "before": self._before}

    def restore(self, state: Mapping[str, Any], step: int) -> None:
        """Return to a saved state at ``step``; what was due by then stays due."""
        wanted = self._ratio
        self._ratio, self._since, self._before = state["ratio"], state["since"], state["before"]
        if wanted != self._ratio:
            self._before, self._since = self._exact(step), max(step, self._since)
            self._ratio = wanted

    def _exact(self, step: int) -> float:
        return self._before + max(0, step - self._since) * self._ratio / self._steps_per_update
