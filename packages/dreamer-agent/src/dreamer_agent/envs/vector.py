"""Environments by name: how they are made, seeded per episode, and brought back after a stop."""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec, load_env_creator
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from dreamer_agent.envs.contract import OLD_API, check_reset, check_step
from dreamer_agent.envs.processes import ProcessVectorEnv
from dreamer_agent.envs.wrappers import Wrap, find_wrapper
from dreamer_agent.errors import EnvError

__all__ = [
    "STOP_SIGNALS",
    "ResumableEnv",
    "Vectorization",
    "episode_seed",
    "load_each",
    "make_vector_env",
    "save_all",
]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
STOP_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Signals that ask a run to stop."""

Vectorization = Literal["auto", "own", "sync", "async"]


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


def make_vector_env(
    env_id: str,
    num_envs: int = 1,
    kwargs: Mapping[str, Any] | None = None,
    vectorization: Vectorization = "auto",
    wrappers: Sequence[str] = (),
) -> VectorEnv[Any, Any, Any]:
    """Make environments behind one vector interface.

    Args:
        env_id: Gymnasium id, ``module:Id-v0`` imports the module first.
        num_envs: How many.
        kwargs: Arguments of the environment.
        vectorization: ``own`` takes the environment's vector version; ``sync`` steps copies one
            after the other; ``async`` gives each a process. ``auto`` takes the own version if a
            run on it can be resumed exactly (it has ``save`` and ``load``), else ``sync``.
        wrappers: ``module:function`` each, applied to every environment, the first one innermost;
            an own vector version cannot be wrapped.

    Raises:
        EnvError: The id is unknown, its module is missing, or the environment cannot be built.
    """
    kwargs = kwargs or {}
    if wrappers and vectorization == "own":
        raise EnvError(
            f"--wrappers {' '.join(wrappers)} cannot wrap the environment's own vector version; "
            "choose --vectorization sync or async."
        )
    wraps = [find_wrapper(name) for name in wrappers]
    try:
        module, _, name = env_id.rpartition(":")
        if module:
            importlib.import_module(module)
        spec = gym.spec(name)
        takes_own = vectorization == "auto" and not wraps and _own_version_resumes(spec)
        if vectorization == "own" or takes_own:
            return _make_own(spec, env_id, num_envs, kwargs)
        make = [_factory(env_id, kwargs, wraps, index) for index in range(num_envs)]
        disabled = AutoresetMode.DISABLED
        if vectorization == "async":
            return ProcessVectorEnv(make, autoreset_mode=disabled)
        return SyncVectorEnv(make, autoreset_mode=disabled)
    except ModuleNotFoundError as error:
        raise EnvError(
            f"Cannot import {error.name!r} for the environment {env_id!r}. "
            "Install the package that has it, or check the part before the colon."
        ) from error
    except gym.error.Error as error:
        raise EnvError(
            f"No environment {env_id!r}: {error} Ids look like CartPole-v1 or "
            "module:Id-v0, where importing the module registers the id."
        ) from error
    except EnvError:
        raise
    except Exception as error:
        raise EnvError(
            f"The environment {env_id!r} could not be made with {kwargs}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _own_version_resumes(spec: EnvSpec) -> bool:
    if spec.vector_entry_point is None:
        return False
    own, single = _creator(spec.vector_entry_point), _creator(spec.entry_point)
    creators = (own, single) if _takes_autoreset_mode(own) else (own,)
    return any(hasattr(creator, "save") and hasattr(creator, "load") for creator in creators)


def _creator(entry_point: Any) -> Callable[..., Any]:
    return load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point


def _takes_autoreset_mode(creator: Callable[..., Any]) -> bool:
    return "autoreset_mode" in inspect.signature(creator).parameters


def _make_own(
    spec: EnvSpec, env_id: str, num_envs: int, kwargs: Mapping[str, Any]
) -> VectorEnv[Any, Any, Any]:
    if _takes_autoreset_mode(_creator(spec.vector_entry_point)):
        kwargs = {"autoreset_mode": AutoresetMode.DISABLED, **kwargs}
    return gym.make_vec(env_id, num_envs, "vector_entry_point", **kwargs)


def _factory(
    env_id: str, kwargs: Mapping[str, Any], wraps: Sequence[Wrap], index: int
) -> Callable[[], gym.Env[Any, Any]]:
    def make() -> gym.Env[Any, Any]:
        if multiprocessing.parent_process() is not None:
            for number in STOP_SIGNALS:  # they reach the whole group; the trainer answers them
                signal.signal(number, signal.SIG_IGN)
        env: gym.Env[Any, Any] = gym.make(env_id, disable_env_checker=True, **kwargs)
        for wrap in wraps:
            env = wrap(env)
        return ResumableEnv(env, index)

    return make


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
