"""Collecting: act in the environments and fill the replay, keeping latents beside the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.envs.episode import Episode
from dreamer_agent.envs.episode_rows import EpisodeRows, Row
from dreamer_agent.replay import Replay

__all__ = ["Actor", "Collector"]


class Actor(Protocol):
    """What the collector needs of an agent."""

    def initial_state(self, num_envs: int) -> Any:
        """State before the first observation."""

    def act(
        self, obs: Any, state: Any, is_first: NDArray[np.bool_], mode: Any = "sample"
    ) -> tuple[NDArray[Any], Any]:
        """Choose actions ``(N, *action_shape)`` and return them with the new state."""


class Collector:
    """Acts in the environments and fills the replay.

    Args:
        rows: The environments.
        agent: Chooses actions.
        replay: Receives the rows, and the latents of those rows that keep one.
    """

    def __init__(self, rows: EpisodeRows, agent: Actor, replay: Replay) -> None:
        self._rows = rows
        self._agent = agent
        self._replay = replay
        self.env_steps = 0
        self._score = np.zeros(rows.num_envs)
        self._length = np.zeros(rows.num_envs, np.int64)
        self._state = agent.initial_state(rows.num_envs)
        self._last_ids = [0] * rows.num_envs
        self._started = False
        self._is_whole = True

    def step(self) -> list[Episode]:
        """Act once in every environment; returns the episodes that ended.

        Raises:
            EnvError: The environment failed. What is saved from then on begins new episodes.
        """
        self._is_whole = False
        if not self._started:
            self._started = True
            self._store(self._rows.first_rows())
        actions, self._state = self._agent.act(
            self._rows.obs, self._state, self._rows.is_first, mode="sample"
        )
        self._keep_latents()
        rows, ended = self._rows.step(actions)
        self._count(rows)
        self._store(rows)
        self._is_whole = True
        return [self._finish(episode) for episode in ended]

    def _keep_latents(self) -> None:
        """Keep the posterior of the rows just acted on, where the replay wants one."""
        ids = np.array(self._last_ids, np.int64)
        wanted = np.flatnonzero(self._replay.wants_latents(ids))
        if len(wanted):
            deter = self._state.deter[wanted].detach().float().cpu().numpy()
            stoch = self._state.stoch[wanted].argmax(-1).cpu().numpy()
            self._replay.write_latents(ids[wanted], deter, stoch)

    def _store(self, rows: Sequence[tuple[int, Row]]) -> None:
        for index, row in rows:
            self._last_ids[index] = self._replay.add(row, index)

    def _count(self, rows: Sequence[tuple[int, Row]]) -> None:
        for index, row in rows:
            if not row["is_first"]:
                self.env_steps += 1
                self._score[index] += row["reward"]
                self._length[index] += 1

    def _finish(self, episode: Episode) -> Episode:
        index = episode.env_index
        finished = Episode(
            index, float(self._score[index]), int(self._length[index]), episode.summary
        )
        self._score[index] = self._length[index] = 0
        return finished

    def state(self) -> dict[str, Any]:
        """Return builtins, arrays and tensors for a checkpoint."""
        return {
            "env_steps": self.env_steps,
            "started": self._started,
            "score": self._score.tolist(),
            "length": self._length.tolist(),
            "last_ids": list(self._last_ids),
            "agent": {item.name: getattr(self._state, item.name) for item in fields(self._state)},
            "rows": self._rows.state(with_episodes=self._is_whole),
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Return to a saved state.

        Returns:
            Whether the running episodes were brought back; if not, new ones have begun.
        """
        self.env_steps = state["env_steps"]
        self._last_ids = list(state["last_ids"])
        if not self._rows.restore(state["rows"]):
            return False
        self._started = state["started"]
        self._score = np.array(state["score"])
        self._length = np.array(state["length"], np.int64)
        own = {item.name: getattr(self._state, item.name) for item in fields(self._state)}
        saved = {name: state["agent"][name].to(tensor.device) for name, tensor in own.items()}
        self._state = type(self._state)(**saved)
        return True
