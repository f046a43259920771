"""Keep what PPO's environments experience in a Dreamer replay, for training the world model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dreamer_agent import AgentState, Replay, make_row
from numpy.typing import NDArray

SINGLE_KEY = "observation"
"""Key under which dreamer-agent keeps an observation space that is not a ``Dict``."""


class RowRecorder:
    """Add every environment's rows to one stream of a replay each.

    SB3 resets an environment in the step that ends its episode, so such a step gives two rows: the
    episode's last one, then the first one of the next episode. The posterior of every row that has
    a place for it is kept too, so that sequences of new rows begin from what led to them.

    Args:
        replay: Where the rows go; one stream per environment.
    """

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def add_resets(
        self,
        obs: Mapping[str, NDArray[Any]] | NDArray[Any],
        actions: NDArray[Any],
        rows: NDArray[np.bool_],
        state: AgentState,
    ) -> None:
        """Add the first row of an episode for each environment in ``rows`` ``(N,)``.

        Args:
            obs: Observations after the reset, ``(N, …)`` per key.
            actions: The null action, ``(N, *action_shape)``.
            rows: Which environments were reset, ``(N,)``.
            state: The posterior of these observations, of N environments.
        """
        ids = np.full(len(rows), -1, np.int64)
        for stream in np.flatnonzero(rows).tolist():
            row = make_row(_observation(obs, stream), actions[stream], 0.0, is_first=True)
            ids[stream] = self.replay.add(row, stream)
        self._keep_latents(ids, state)

    def add_steps(
        self,
        obs: Mapping[str, NDArray[Any]] | NDArray[Any],
        actions: NDArray[Any],
        rewards: NDArray[np.float32],
        dones: NDArray[np.bool_],
        infos: Sequence[Mapping[str, Any]],
        state: AgentState,
    ) -> None:
        """Add what each environment's step brought.

        Args:
            obs: Observations as they arrived, the last one of an episode included, ``(N, …)``.
            actions: The actions that led there, ``(N, *action_shape)``.
            rewards: ``(N,)``.
            dones: Whether the episode ended, ``(N,)``.
            infos: One an environment; ``"TimeLimit.truncated"`` tells how its episode ended.
            state: The posterior of these observations, of N environments.
        """
        ids = np.full(len(dones), -1, np.int64)
        for stream in range(len(dones)):
            row = make_row(
                _observation(obs, stream),
                actions[stream],
                float(rewards[stream]),
                is_last=bool(dones[stream]),
                is_terminal=bool(dones[stream])
                and not infos[stream].get("TimeLimit.truncated", False),
            )
            ids[stream] = self.replay.add(row, stream)
        self._keep_latents(ids, state)

    def _keep_latents(self, ids: NDArray[np.int64], state: AgentState) -> None:
        wanted = np.flatnonzero(self.replay.wants_latents(ids))
        if len(wanted):
            deter = state.deter[wanted].float().cpu().numpy()
            stoch = state.stoch[wanted].argmax(-1).cpu().numpy()
            self.replay.write_latents(ids[wanted], deter, stoch)


def _observation(obs: Mapping[str, NDArray[Any]] | NDArray[Any], stream: int) -> dict[str, Any]:
    named = obs if isinstance(obs, Mapping) else {SINGLE_KEY: obs}
    return {key: value[stream] for key, value in named.items()}
