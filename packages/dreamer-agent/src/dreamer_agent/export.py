"""World-model features of every row of a stored replay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.agent import Agent
from dreamer_agent.replay import Replay

__all__ = ["export_features"]

_ROWS_AT_ONCE = 256


def export_features(agent: Agent, replay: Replay) -> dict[str, NDArray[Any]]:
    """Filter every stream from its first kept row on, taking the posterior's mode.

    Returns:
        ``features`` ``(M, F)`` float32 for the M rows, with ``stream`` and ``row`` (where each
        comes from), ``action``, ``reward``, ``is_first``, ``is_last`` and ``is_terminal``.
    """
    parts: dict[str, list[NDArray[Any]]] = {}
    for stream, spans in enumerate(replay.spans()):
        for start, stop in spans:
            for name, values in _filter_span(agent, replay, stream, start, stop):
                parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def _filter_span(
    agent: Agent, replay: Replay, stream: int, start: int, stop: int
) -> Iterator[tuple[str, NDArray[Any]]]:
    state = agent.initial_state(1)
    for first in range(start, stop, _ROWS_AT_ONCE):
        end = min(stop, first + _ROWS_AT_ONCE)
        rows = replay.read(stream, first, end)
        observations = {k.removeprefix("obs/"): v for k, v in rows.items() if k[:4] == "obs/"}
        features = np.empty((end - first, agent.feature_size), np.float32)
        for t in range(end - first):
            is_first = np.array([rows["is_first"][t] or first + t == start])
            obs = {key: values[t : t + 1] for key, values in observations.items()}
            state = agent.filter(obs, state, rows["action"][t : t + 1], is_first, mode="mode")
            features[t] = agent.features(state)[0].float().cpu().numpy()
        yield "features", features
        yield "stream", np.full(end - first, stream)
        yield "row", np.arange(first, end)
        for name in ("action", "reward", "is_first", "is_last", "is_terminal"):
            yield name, rows[name]
