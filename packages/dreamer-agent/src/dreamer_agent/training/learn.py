"""The learner: takes batches from the replay, updates the agent, returns latents to the replay."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dreamer_agent.agent import Agent
from dreamer_agent.replay import Replay

__all__ = ["Learner"]


class Learner:
    """Updates an agent from a replay.

    Args:
        agent: What learns.
        replay: Where batches come from and refreshed latents go.
        world_model_only: Leave actor and critic as they are (offline, without an environment).

    Attributes:
        weights_version: Number of updates done; whoever acts with copies of the weights can tell
            by it how old they are.
    """

    def __init__(self, agent: Agent, replay: Replay, world_model_only: bool = False) -> None:
        self._agent = agent
        self._replay = replay
        self._update = agent.update_world_model if world_model_only else agent.update
        self.weights_version = 0

    def update(self, meanwhile: AbstractContextManager[None] | None = None) -> dict[str, float]:
        """Do one update on one batch and return its metrics.

        Args:
            meanwhile: Entered while the agent learns, when neither batch nor latents are at stake.

        Raises:
            NonFiniteError: A loss is NaN or infinite; no weight has been changed.
            ReplayError: The replay holds no sequence yet.
        """
        batch = self._replay.sample()
        with meanwhile or nullcontext():
            update = self._update(batch)
        self._replay.write_latents(batch.ids, update.deter, update.stoch)
        self.weights_version += 1
        return update.metrics

    def state(self) -> dict[str, Any]:
        """Return counters and generators for a checkpoint."""
        return {"weights_version": self.weights_version, "rng": self._agent.rng_state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to a saved state."""
        self.weights_version = state["weights_version"]
        self._agent.set_rng_state(state["rng"])
