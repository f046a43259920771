"""Episodes that can be gone on with: their seeds, and environments brought back after a stop."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from dreamer_agent.envs.contract import OLD_API, check_reset, check_step
from dreamer_agent.errors import EnvError

__all__ = ["ResumableEnv", "episode_seed", "load_each", "save_all"]


def episode_seed(seed: int, env_index: int, episode: int) -> int:
    """Seed of one episode: the same for the same run seed, environment and episode number."""
    return int(np.random.SeedSequence((seed, env_index, episode)).generate_state(1)[0])


class ResumableEnv(gym.Wrapper[Any, Any, Any, Any]):
    """Can return to the middle of an episode.

    With ``save() -> bytes`` and ``load(bytes)`` of the environment if it has them; else by
    repeating the episode's actions from its seed, which is exact for deterministic environments.
    Set ``state_to_restore`` to what ``episode_state()`` gave and call ``reset``; if that cannot be
    brought back, a new episode begins and ``restore_error`` says why.

    Args:
        env: The environment.
        index: Named in errors.

    Raises:
        EnvError: The environment raised; with its index and the step of its episode.
    """

    state_to_restore: Mapping[str, Any] | None = None
    restore_error: str | None = None

    def __init__(self, env: gym.Env[Any, Any], index: int = 0) -> None:
        super().__init__(env)
        self._index, self._num_steps = index, 0
        self._seed: int | None = None
        self._options: dict[str, Any] | None = None
        self._actions: list[Any] = []
        self._time_limit = _find_time_limit(env)
        self._saves: bool | None = None  # known from the first reset on

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, or return to the one in ``state_to_restore``."""
        if self.state_to_restore is not None:
            state, self.state_to_restore = self.state_to_restore, None
            try:
                return self._restore(state)
            except Exception as error:
                self.restore_error = _text(error)
        self._seed, self._options, self._actions = seed, options, []
        self._num_steps = 0
        try:
            result = self.env.reset(seed=seed, options=options)
        except Exception as error:
            hint = OLD_API if "reset() got an unexpected keyword argument" in str(error) else ""
            raise EnvError(
                f"Environment {self._index} failed in reset: {_text(error)} {hint}".rstrip()
            ) from error
        check_reset(result, self.observation_space)
        if self._saves is None:
            self._saves = self._try_save()
        return result

    def step(self, action: Any) -> Any:
        """Step, and remember the action if it may have to be repeated."""
        if not self._saves:
            self._actions.append(np.copy(action))
        self._num_steps += 1
        try:
            result = self.env.step(action)
        except Exception as error:  # an old API fails in a wrapper, before it can be judged
            hint = OLD_API if "not enough values to unpack (expected 5" in str(error) else ""
            raise EnvError(
                f"Environment {self._index} failed in step {self._num_steps:,} of its episode: "
                f"{_text(error)} {hint}".rstrip()
            ) from error
        check_step(result, self.observation_space)
        return result

    def episode_state(self) -> dict[str, Any]:
        """Return what brings the running episode back, as builtins, bytes and arrays."""
        state: dict[str, Any] = {
            "seed": self._seed,
            "options": self._options,
            "num_steps": self._num_steps,
        }
        if self._saves:
            steps = getattr(self._time_limit, "_elapsed_steps", None)
            saved = self.env.unwrapped.save()  # type: ignore[attr-defined]
            return {**state, "saved": saved, "elapsed_steps": steps}
        return {**state, "actions": np.array(self._actions)}

    def _try_save(self) -> bool:
        """Call ``save`` once: it may mean something else, and take a path or return nothing."""
        env: Any = self.env.unwrapped
        if self._time_limit is False or not _can_save(env):
            return False
        try:
            saved: Any = env.save()
        except Exception as error:
            what = f"raised {type(error).__name__}: {error}"
        else:
            if isinstance(saved, bytes):
                return True
            what = f"returned {type(saved).__name__}, not bytes"
        warnings.warn(
            f"{type(env).__name__}.save() {what}: it is not used for checkpoints. Episodes are "
            "brought back by repeating their actions, which is exact if they are deterministic.",
            stacklevel=3,
        )
        return False

    def _restore(self, state: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        obs, info = self.reset(seed=state["seed"], options=state["options"])
        if "saved" in state:
            self.env.unwrapped.load(state["saved"])  # type: ignore[attr-defined]
            self._num_steps = state.get("num_steps", 0)  # the first checkpoints had none
            if isinstance(self._time_limit, gym.wrappers.TimeLimit):
                self._time_limit._elapsed_steps = state["elapsed_steps"]
            return obs, info
        for action in state["actions"]:
            obs, _, _, _, info = self.step(_native(action))
        return obs, info


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _native(action: Any) -> Any:
    return action.item() if isinstance(action, np.generic) else action


def _find_time_limit(env: gym.Env[Any, Any]) -> gym.wrappers.TimeLimit | Literal[False] | None:
    """The TimeLimit among the wrappers; False if a wrapper with unknown state is among them."""
    found = None
    known = (gym.wrappers.OrderEnforcing, gym.wrappers.PassiveEnvChecker)
    while isinstance(env, gym.Wrapper):
        if isinstance(env, gym.wrappers.TimeLimit):
            found = env
        elif not isinstance(env, known):
            return False
        env = env.env
    return found


def save_all(env: Any, one_by_one: bool) -> Any:
    """State of the running episodes, or None if the environments cannot give it.

    Args:
        env: The vector environment; its own ``save`` is taken if it has it.
        one_by_one: Whether environments may be asked each for its own.
    """
    if not _can_save(env) and one_by_one and _is_wrapped(env):
        return list(env.call("episode_state"))
    try:
        if _can_save(env):
            return env.save()
        envs = getattr(env, "envs", []) if one_by_one else []
        return [one.save() for one in envs] if envs and all(map(_can_save, envs)) else None
    except Exception as error:  # a save of another meaning: it wants a path, say
        warnings.warn(
            f"save() of {type(env).__name__} raised {type(error).__name__}: {error}. The "
            "checkpoint is without the running episodes; new ones begin on resume.",
            stacklevel=2,
        )
        return None


def _can_save(env: Any) -> bool:
    return hasattr(env, "save") and hasattr(env, "load")


def _is_wrapped(env: Any) -> bool:
    """Whether each environment is a ResumableEnv; processes are asked nothing, we made them."""
    if isinstance(env, AsyncVectorEnv):
        return True
    return isinstance(env, SyncVectorEnv) and all(isinstance(e, ResumableEnv) for e in env.envs)


def load_each(env: Any, saved: Sequence[Any]) -> None:
    """Bring every environment back to what ``save_all`` gave, one state each.

    Raises:
        EnvError: One of them cannot be brought back; all need a reset now.
    """
    if _is_wrapped(env):
        env.set_attr("state_to_restore", list(saved))
        env.reset()
        if reasons := [reason for reason in env.get_attr("restore_error") if reason]:
            raise EnvError(reasons[0])
        return
    for one, state in zip(env.envs, saved, strict=True):
        one.load(state)
