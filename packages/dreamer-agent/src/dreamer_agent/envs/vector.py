"""Environments by name: how they are made."""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec, load_env_creator
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from dreamer_agent.envs.processes import ProcessVectorEnv
from dreamer_agent.envs.resumable import ResumableEnv
from dreamer_agent.envs.wrappers import Wrap, find_wrapper
from dreamer_agent.errors import EnvError

__all__ = ["STOP_SIGNALS", "Vectorization", "make_vector_env"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
STOP_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Signals that ask a run to stop."""

Vectorization = Literal["auto", "own", "sync", "async"]


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
