"""Starting environments where others have already been, and saying so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorWrapper
from numpy.typing import NDArray

from pokered_env.arguments import probability
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError, StateFormatError
from pokered_env.game.ram import num_set_bits
from pokered_env.task.start_states import check_own_state
from pokered_env.untrusted import check_fields
from pokered_env.vector.vector_env import PokeRedVectorEnv
from pokered_env.wrappers.game import game_of
from pokered_env.wrappers.milestones import (
    MILESTONE_FIELDS,
    Milestone,
    Milestones,
    SwarmFolder,
)

_ASSIST = "milestone_curriculum"


class MilestoneCurriculum(VectorWrapper):
    """Moves environments to the furthest milestone any of them has reached.

    Whenever an environment is the first to set an event flag, its state is kept. From then on every
    episode that begins starts at the one with most flags set (the newest among equals) with
    probability ``share``, otherwise where it did before.
    Episodes under way are not disturbed, and none starts where the goal has been reached.
    ``info["assists"]`` names ``milestone_curriculum``, and `milestones` says honestly what was
    reached from where. An event first reached where no state could be kept is named once more when
    one can.

    Args:
        env: The vector environment.
        share: Probability of starting at the furthest milestone.
        folder: Folder through which processes share their milestones; what others have shared is
            taken in when episodes end or are reset. None to keep to oneself.

    Raises:
        ConfigError: The environment is no `PokeRedVectorEnv`, ``share`` no probability, or
            ``folder`` cannot be used.
    """

    def __init__(
        self,
        env: PokeRedVectorEnv,
        share: float = 0.5,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(env)
        if not isinstance(env, PokeRedVectorEnv):
            raise ConfigError(f"MilestoneCurriculum needs a PokeRedVectorEnv, not {env!r}.")
        self._vector_env = env
        self._envs: list[PokeRedEnv] = env.envs
        self._milestones = _milestones_for(env.envs[0], share, folder)
        self._total_steps = 0
        for each in self._envs:
            each.declare_assist(_ASSIST)

    @property
    def milestones(self) -> list[Milestone]:
        """The milestones, in the order they were reached or taken in."""
        return self._milestones.list

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, to where others have got meanwhile."""
        if self._milestones.take_from_others():
            self._move_starts()
        return super().reset(**kwargs)

    def step(self, actions: Any) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], Any]:
        """Step; keep the state of whoever reached something new."""
        result = super().step(actions)
        _, _, terminated, truncated, infos = result
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
        if (terminated | truncated).any() and self._milestones.take_from_others():
            self._move_starts()
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
            milestones = [self._restored(**each) for each in saved["milestones"]]
            envs, total_steps = saved["envs"], int(saved["total_steps"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateFormatError(
                f"This is nothing that MilestoneCurriculum.save() returned ({error!r})."
            ) from error
        self._vector_env.load(envs)
        self._milestones.list, self._total_steps = milestones, total_steps
        self._move_starts()

    def _restored(self, state: bytes | None, **fields: Any) -> Milestone:
        check_fields(fields, MILESTONE_FIELDS)
        if state is not None:
            check_own_state(self._envs[0].rom, state)
        return Milestone(state=state, **fields)

    def _reached(self, event: str, i: int, begun_at: str, num_steps: int, is_start: bool) -> None:
        if not self._milestones.wants(event, is_start):
            return
        reached = _milestone(self._envs[i], event, i, self._total_steps, num_steps, is_start)
        self._milestones.add(replace(reached, first_state=begun_at), begun_at)
        self._move_starts()

    def _move_starts(self) -> None:
        starts = self._milestones.starts()
        for env in self._envs:
            env.start_states = starts


class SwarmCurriculum(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Does for one environment in a process of its own what `MilestoneCurriculum` does for many.

    The processes, such as those of Stable-Baselines3's `SubprocVecEnv`, share their milestones
    through a folder. A reset begins at the furthest one with probability ``share``.
    ``info["assists"]`` names ``milestone_curriculum``.

    Args:
        env: A Pokémon Red environment, wrapped or not.
        folder: The folder, the same for all processes, whose goals must be the same too. It
            outlives them: a new run goes on from there, or takes a new folder.
        share: Probability of starting at the furthest milestone.

    Raises:
        ConfigError: It is another environment, ``share`` no probability, or ``folder`` cannot be
            used.
    """

    def __init__(
        self, env: gym.Env[Any, Any], folder: str | os.PathLike[str], share: float = 0.5
    ) -> None:
        self._base = game_of(env, "SwarmCurriculum")
        RecordConstructorArgs.__init__(self, folder=folder, share=share)
        gym.Wrapper.__init__(self, env)
        self._milestones = _milestones_for(self._base, share, folder)
        self._total_steps = 0
        self._base.declare_assist(_ASSIST)

    @property
    def milestones(self) -> list[Milestone]:
        """The milestones, in the order they were reached or taken in."""
        return self._milestones.list

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, to where others have got meanwhile."""
        self._milestones.take_from_others()
        self._base.start_states = self._milestones.starts()
        return self.env.reset(**kwargs)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step; share the state if something new was reached."""
        result = self.env.step(action)
        self._total_steps += 1
        progress = self._base.progress
        is_start = not result[2]
        for event in result[4]["new_events"]:
            if self._milestones.wants(event, is_start):
                reached = _milestone(
                    self._base, event, 0, self._total_steps, progress.num_steps, is_start
                )
                self._milestones.add(reached, progress.start_state)
        return result


def _milestones_for(
    env: PokeRedEnv, share: float, folder: str | os.PathLike[str] | None
) -> Milestones:
    if env.arguments["numeric_info"]:
        raise ConfigError(
            "A curriculum reads the names of events from info, which has none with "
            "numeric_info=True. Make the environment without it."
        )
    swarm = None if folder is None else SwarmFolder(folder, env.rom)
    return Milestones(env.start_states, probability("share", share), swarm)


def _milestone(
    env: PokeRedEnv, event: str, index: int, total_steps: int, num_steps: int, is_start: bool
) -> Milestone:
    """Return what an environment has just reached, counted from the start of its episode."""
    return Milestone(
        event=event,
        state=env.emulator.save_state() if is_start else None,
        num_events=num_set_bits(env.game_state.events) if is_start else 0,
        env_index=index,
        total_steps=total_steps,
        steps_from_start=num_steps,
        parent=None,
        first_state=env.progress.start_state,
    )
