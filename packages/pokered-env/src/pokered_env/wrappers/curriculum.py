"""Starting environments where others have already been, and saying so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gymnasium.vector import VectorWrapper
from numpy.typing import NDArray

from pokered_env.arguments import probability
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError, StateFormatError
from pokered_env.vector.vector_env import PokeRedVectorEnv


@dataclass(frozen=True)
class Milestone:
    """An event that some environment has been the first to reach.

    Attributes:
        event: Its name.
        state: The emulator's state right after it; None where nobody starts from it: the goal was
            reached with it, or the episode's last step with autoreset `SameStep`.
        env_index: Which environment got there.
        total_steps: Steps all environments together had taken.
        steps_from_start: Steps of play from the first start state to here, those of the milestones
            it was reached from included: what an agent would need without the curriculum.
        parent: Event of the milestone it was reached from; None from the first start state.
        first_state: The start state of the environment's own that it all began at.
    """

    event: str
    state: bytes | None
    env_index: int
    total_steps: int
    steps_from_start: int
    parent: str | None
    first_state: str


class MilestoneCurriculum(VectorWrapper):
    """Moves environments to the newest milestone any of them has reached.

    Whenever an environment is the first to set an event flag, its state is kept. From then on every
    episode that begins starts there with probability ``share``, otherwise where it did before.
    Episodes under way are not disturbed, and none starts where the goal has been reached.
    ``info["assists"]`` names ``milestone_curriculum``, and `milestones` says honestly what was
    reached from where. An event first reached where no state could be kept is named once more when
    one can.

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
        if env.envs[0].arguments["numeric_info"]:
            raise ConfigError(
                "MilestoneCurriculum reads the names of events from info, which has none with "
                "numeric_info=True. Make the environments without it."
            )
        self._share = probability("share", share)
        self._vector_env = env
        self._envs: list[PokeRedEnv] = env.envs
        self._first = env.envs[0].start_states
        self._total_steps = 0
        self.milestones: list[Milestone] = []
        for each in self._envs:
            each.declare_assist("milestone_curriculum")

    def step(self, actions: Any) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], Any]:
        """Step; keep the state of whoever reached something new."""
        result = super().step(actions)
        _, _, terminated, _, infos = result
        self._total_steps += self.num_envs
        has_restarted = infos.get("_final_info", [False] * self.num_envs)  # only with SameStep
        for i in range(self.num_envs):
            if has_restarted[i]:
                events = infos["final_info"]["new_events"][i]
                summary = infos["final_info"]["episode_summary"]
                begun_at, num_steps = summary["start_state"][i], int(summary["steps"][i])
            else:
                events, progress = infos["new_events"][i], self._envs[i].progress
                begun_at, num_steps = progress.start_state, progress.num_steps
            is_start = not (has_restarted[i] or terminated[i])
            for event in events:
                self._reached(event, i, begun_at, num_steps, is_start)
        return result

    def report(self) -> list[dict[str, Any]]:
        """Return every milestone without its state, as JSON values, in order."""
        return [
            {name: value for name, value in asdict(milestone).items() if name != "state"}
            for milestone in self.milestones
        ]

    def save(self) -> dict[str, Any]:
        """Keep the milestones and every environment, as builtin types and bytes.

        Raises:
            ResetNeededError: No episodes have begun.
        """
        return {
            "envs": self._vector_env.save(),
            "total_steps": self._total_steps,
            "milestones": [asdict(milestone) for milestone in self.milestones],
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        """Go back to what `save` kept, in this or another curriculum over such environments.

        Raises:
            ConfigError: There is not one snapshot for each environment.
            StateError: This is not what `save` returned, or of other environments.
        """
        try:
            milestones = [Milestone(**each) for each in saved["milestones"]]
            envs, total_steps = saved["envs"], int(saved["total_steps"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateFormatError(
                f"This is nothing that MilestoneCurriculum.save() returned ({error!r})."
            ) from error
        self._vector_env.load(envs)
        self.milestones, self._total_steps = milestones, total_steps
        self._move_starts()

    def _reached(self, event: str, i: int, begun_at: str, num_steps: int, is_start: bool) -> None:
        known = [milestone for milestone in self.milestones if milestone.event == event]
        if any(milestone.state is not None for milestone in known) or (known and not is_start):
            return
        parent = self._parent(begun_at)
        self.milestones.append(
            Milestone(
                event=event,
                state=self._envs[i].emulator.save_state() if is_start else None,
                env_index=i,
                total_steps=self._total_steps,
                steps_from_start=num_steps + (parent.steps_from_start if parent else 0),
                parent=parent.event if parent else None,
                first_state=parent.first_state if parent else begun_at,
            )
        )
        self._move_starts()

    def _move_starts(self) -> None:
        starts = self._first
        if newest := [m for m in self.milestones if m.state is not None][-1:]:
            starts = starts.with_share(newest[0].event, newest[0].state or b"", self._share)
        for env in self._envs:
            env.start_states = starts

    def _parent(self, start_state: str) -> Milestone | None:
        starts = (milestone for milestone in self.milestones if milestone.state is not None)
        return next((m for m in starts if m.event == start_state), None)
