"""Means of everything measured between two lines of the log, and warnings drawn from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

__all__ = ["Meter", "Watch", "max_entropy"]


class Meter:
    """Averages scalars until they are taken."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, scalars: Mapping[str, float]) -> None:
        """Take in one value for each name."""
        for name, value in scalars.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Return the mean of each name since the last time, and begin anew."""
        means = {name: total / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means

    def state(self) -> dict[str, Any]:
        """Return the running sums for a checkpoint."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to saved sums."""
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])


class Watch:
    """Warns once about each early sign of a run going wrong.

    Args:
        free_nats: Below this KL the latent gets no gradient to carry anything.
        max_entropy: Entropy of the uniform policy in nats; None for continuous actions.
        patience: Consecutive records a sign must last; those without its number are passed over.
        after_updates: Records before this many updates are not judged.
    """

    def __init__(
        self,
        free_nats: float,
        max_entropy: float | None,
        patience: int = 20,
        after_updates: int = 1000,
    ) -> None:
        self._free_nats = free_nats
        self._max_entropy = max_entropy
        self._patience = patience
        self._after_updates = after_updates
        self._lasting: dict[str, int] = {}
        self._said: set[str] = set()

    def check(self, scalars: Mapping[str, float], updates: int) -> list[str]:
        """Look at the means of one record and return new warnings."""
        if updates < self._after_updates:
            return []
        signs = {"latent/kl": self._kl, "behaviour/entropy": self._entropy}
        warnings = []
        for name, judge in signs.items():
            if name not in scalars:
                continue  # no update since the last record: nothing new is known
            message = judge(scalars[name])
            self._lasting[name] = self._lasting.get(name, 0) + 1 if message else 0
            if message and self._lasting[name] >= self._patience and name not in self._said:
                self._said.add(name)
                warnings.append(message)
        return warnings

    def _kl(self, kl: float) -> str | None:
        if kl > self._free_nats:
            return None
        return (
            f"KL is stuck at {kl:.2f} nats, below the {self._free_nats:g} free nats: the latent "
            "carries almost nothing. Fine if observations hardly change; otherwise look at the "
            "reconstruction losses, or lower agent.kl.free_nats."
        )

    def _entropy(self, entropy: float) -> str | None:
        if not self._max_entropy or entropy > 0.02 * self._max_entropy:
            return None
        return (
            f"The policy's entropy has collapsed to {entropy:.3f} nats (uniform: "
            f"{self._max_entropy:.2f}): it hardly explores. If the return is poor, raise "
            "agent.actor.entropy."
        )


def max_entropy(space: gym.Space[Any]) -> float | None:
    """Entropy of the uniform policy in nats; None if actions are continuous."""
    if isinstance(space, gym.spaces.Discrete):
        return math.log(int(space.n))
    if isinstance(space, gym.spaces.MultiDiscrete):
        return float(sum(math.log(int(n)) for n in space.nvec.ravel()))
    if isinstance(space, gym.spaces.MultiBinary):
        return math.prod(space.shape) * math.log(2)
    return None
