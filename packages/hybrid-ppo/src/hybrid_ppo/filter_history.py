"""The last steps a filter took, so that they can be taken again with another world model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from dreamer_agent import AgentState
from numpy.typing import NDArray
from torch import Tensor

Observations = dict[str, NDArray[Any]] | NDArray[Any]
"""A batch of observations: a plain array, or key to array; ``(N, …)`` each."""


@dataclass(frozen=True)
class FilterStep:
    """One batched filter step; only ``rows`` take its result.

    Attributes:
        obs: ``(N, …)`` each.
        action: What led there, ``(N, *action_shape)``.
        is_first: ``(N,)``.
        rows: ``(N,)``.
    """

    obs: Observations
    action: NDArray[Any]
    is_first: NDArray[np.bool_]
    rows: NDArray[np.bool_]


Apply = Callable[[AgentState, FilterStep], AgentState]


class FilterHistory:
    """Environment steps as filter steps, and the state before the oldest of them.

    A step that ended episodes is two filter steps: the last observations, then the first ones.
    What came before the oldest step is not forgotten but kept in ``start``, as it was filtered
    then: a replay under the same model ends in the same state, whatever the episodes' lengths.

    Args:
        start: State before the first step.
        max_steps: Environment steps to keep; with 0, ``start`` is always the present state.
    """

    def __init__(self, start: AgentState, max_steps: int) -> None:
        self.start = start
        self._max_steps = max_steps
        self._entries: deque[tuple[tuple[FilterStep, ...], AgentState]] = deque()

    def append(self, steps: Sequence[FilterStep], after: AgentState) -> None:
        """Take in an environment step: its filter steps, and the state they led to."""
        self._entries.append((tuple(steps), after))
        if len(self._entries) > self._max_steps:
            _, self.start = self._entries.popleft()

    def replay(self, apply: Apply, num_steps: int) -> AgentState:
        """Take the last steps again, all that are kept if they are fewer; return the last state."""
        first = max(0, len(self._entries) - num_steps)
        state = self._entries[first - 1][1] if first else self.start
        for index in range(first, len(self._entries)):
            steps, _ = self._entries[index]
            for step in steps:
                state = apply(state, step)
            self._entries[index] = (steps, state)
        return state

    def last(self, num_steps: int) -> list[tuple[Observations, AgentState]]:
        """Return what was seen after each of the last steps, and the state; oldest first."""
        entries = list(self._entries)[-num_steps:]
        return [(steps[-1].obs, after) for steps, after in entries]

    def snapshot(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs: builtins, arrays and tensors."""
        entries = [
            {"steps": [as_dict(step) for step in steps], "after": as_dict(after)}
            for steps, after in self._entries
        ]
        return {"start": as_dict(self.start), "entries": entries}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Return to a snapshot."""
        device = self.start.deter.device
        self.start = state_from(saved["start"], device)
        self._entries.clear()
        for entry in saved["entries"]:
            steps = tuple(FilterStep(**step) for step in entry["steps"])
            self._entries.append((steps, state_from(entry["after"], device)))


def state_from(saved: Mapping[str, Tensor], device: torch.device) -> AgentState:
    """Build an agent's state from its parts by name."""
    return AgentState(**{name: tensor.to(device) for name, tensor in saved.items()})


def as_dict(value: FilterStep | AgentState) -> dict[str, Any]:
    """Return the fields by name, as they are."""
    return {item.name: getattr(value, item.name) for item in fields(value)}
