"""The last steps a filter took, so that they can be taken again with another world model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dreamer_agent import AgentState
from numpy.typing import NDArray

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

    def replay(self, apply: Apply) -> list[AgentState]:
        """Take all steps again; the state before them first, then the one after each."""
        states = [self.start]
        for index, (steps, _) in enumerate(self._entries):
            state = states[-1]
            for step in steps:
                state = apply(state, step)
            self._entries[index] = (steps, state)
            states.append(state)
        return states
