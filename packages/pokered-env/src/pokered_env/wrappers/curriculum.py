"""Starting environments where others have already been, and saying so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymnasium.vector import VectorWrapper
from numpy.typing import NDArray

from pokered_env.arguments import probability
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.vector_env import PokeRedVectorEnv


@dataclass(frozen=True)
class Milestone:
    """An event that some environment has been the first to reach.

    Attributes:
        event: Its name.
        state: The emulator's state right after it.
        env_index: Which environment got there.
        total_steps: Steps all environments together had taken.
        steps_from_start: Steps of play from the first start state to here, those of the milestones
            it was reached from included: what an agent would need without the curriculum.
        parent: Event of the milestone it was reached from; None from the first start state.
        first_state: The start state of the environment's own that it all began at.
    """

    event: str
    state: bytes
    env_index: int
    total_steps: int
    steps_from_start: int
    parent: str | None
    first_state: str


class MilestoneCurriculum(VectorWrapper):
    """Moves environments to the newest milestone any of them has reached.

    Whenever an environment is the first to set an event flag, its state is kept. From then on every
    episode that begins starts there with probability ``share``, otherwise where it did before.
    Episodes under way are not disturbed. ``info["assists"]`` names ``milestone_curriculum``, and
    `milestones` says honestly what was reached from where.

    Args:
        env: The vector environment.
        share: Probability of starting at the newest milestone.

    Raises:
        ConfigError: The environment is no `PokeRedVectorEnv`, or ``share`` no probability.
    """

    def __init__(self, env: PokeRedVectorEnv, share: float = 0.5) -> None:
        super().__init__(env)
        if not isinstance(env, PokeRedVectorEnv):
            raise ConfigError(f"MilestoneCurriculum needs a PokeRedVectorEnv, not {env!r}.")
        self._share = probability("share", share)
        self._envs: list[PokeRedEnv] = env.envs
        self._first = env.envs[0].start_states
        self._total_steps = 0
        self.milestones: list[Milestone] = []
        for each in self._envs:
            each.declare_assist("milestone_curriculum")

    def step(self, actions: Any) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], Any]:
        """Step; keep the state of whoever reached something new."""
        result = super().step(actions)
        self._total_steps += self.num_envs
        for i, names in enumerate(result[4].get("new_events", [])):
            for name in names or ():
                self._reached(name, i)
        return result

    def report(self) -> list[dict[str, Any]]:
        """Return every milestone without its state, as JSON values, in order."""
        fields = ("event", "env_index", "total_steps", "steps_from_start", "parent", "first_state")
        return [{name: getattr(m, name) for name in fields} for m in self.milestones]

    def _reached(self, event: str, i: int) -> None:
        if any(milestone.event == event for milestone in self.milestones):
            return
        progress = self._envs[i].progress
        parent = self._parent(progress.start_state)
        milestone = Milestone(
            event=event,
            state=self._envs[i].emulator.save_state(),
            env_index=i,
            total_steps=self._total_steps,
            steps_from_start=progress.num_steps + (parent.steps_from_start if parent else 0),
            parent=parent.event if parent else None,
            first_state=parent.first_state if parent else progress.start_state,
        )
        self.milestones.append(milestone)
        starts = self._first.with_share(milestone.event, milestone.state, self._share)
        for env in self._envs:
            env.start_states = starts

    def _parent(self, start_state: str) -> Milestone | None:
        return next((m for m in self.milestones if m.event == start_state), None)
