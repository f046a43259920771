"""How far a run is and how fast it goes: fills the display's status, measures speed."""

from __future__ import annotations

import math
import time
from typing import Protocol

from dreamer_agent.logging.terminal import Status
from dreamer_agent.replay import ReplayStats

__all__ = ["Limits", "Progress"]


class Limits(Protocol):
    """When a run ends: after so many environment steps, or minutes of this process if given."""

    @property
    def env_steps(self) -> int:
        """Over all environments."""

    @property
    def stop_after_minutes(self) -> float | None:
        """Wall-clock time."""


class Progress:
    """Clock of a run in this process.

    Args:
        config: When the run ends.
        status: Filled in place.
        env_steps: Steps done before this process began.
        updates: Updates done before.
    """

    def __init__(self, config: Limits, status: Status, env_steps: int, updates: int) -> None:
        self._config, self._status = config, status
        self._started_at = time.monotonic()
        self._first_steps = env_steps
        self._mark = (self._started_at, env_steps, updates)

    @property
    def seconds(self) -> float:
        """Time since the start of this process."""
        return time.monotonic() - self._started_at

    @property
    def is_out_of_time(self) -> bool:
        """Whether ``stop_after_minutes`` has passed."""
        limit = self._config.stop_after_minutes
        return limit is not None and self.seconds >= 60 * limit

    def update(self, env_steps: int, updates: int, phase: str) -> None:
        """Note where the run is."""
        status, config = self._status, self._config
        status.env_steps, status.total_steps = env_steps, config.env_steps
        status.updates, status.phase = updates, phase
        new_steps = env_steps - self._first_steps
        left = math.inf
        if new_steps:
            left = (config.env_steps - env_steps) * self.seconds / new_steps
        status.fraction = env_steps / config.env_steps
        if config.stop_after_minutes:
            limit = 60 * config.stop_after_minutes
            status.fraction = max(status.fraction, self.seconds / limit)
            left = min(left, limit - self.seconds)
        status.seconds_left = max(0.0, left) if math.isfinite(left) else None

    def system(self, env_steps: int, updates: int, stats: ReplayStats | None) -> dict[str, float]:
        """Timings and sizes since the last call: what differs from run to run."""
        now, (then, old_steps, old_updates) = time.monotonic(), self._mark
        self._mark = (now, env_steps, updates)
        seconds = max(1e-9, now - then)
        system = {
            "system/env_steps_per_s": (env_steps - old_steps) / seconds,
            "system/updates_per_s": (updates - old_updates) / seconds,
            "system/seconds": self.seconds,
        }
        if stats:
            self._status.replay = (
                f"{stats.rows:,} rows, {stats.bytes_per_row:.0f} bytes each "
                f"+ {stats.context_bytes_per_row:.0f} for latents"
            )
            system["system/replay_bytes_per_row"] = stats.bytes_per_row
        return system
