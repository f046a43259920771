"""The world model's wrapper in a stack of SB3's, and what those above it make of observations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stable_baselines3.common.vec_env import (
    VecCheckNan,
    VecEnv,
    VecEnvWrapper,
    VecExtractDictObs,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
    VecVideoRecorder,
)

from hybrid_ppo.errors import NotLatentError
from hybrid_ppo.latent_env import WorldModelVecEnv

_UNCHANGED = (VecMonitor, VecCheckNan, VecVideoRecorder)


def find_world_model(env: VecEnv) -> WorldModelVecEnv:
    """Return the world model's wrapper, whatever stands above it.

    Raises:
        NotLatentError: There is none.
    """
    above: VecEnv = env
    while isinstance(above, VecEnvWrapper):
        if isinstance(above, WorldModelVecEnv):
            return above
        above = above.venv
    raise NotLatentError(
        f"There is no WorldModelVecEnv in this environment ({_names(env)}). Wrap it first: "
        "WorldModelVecEnv(venv, agent)."
    )


def seen_from_above(env: VecEnv, obs: Any) -> Any:
    """Take the world model's observations through the wrappers above it.

    Args:
        env: The outermost wrapper, as the policy sees it.
        obs: Observations in the space of the :class:`WorldModelVecEnv` in it.

    Raises:
        NotLatentError: It is not known what a wrapper above does to observations.
    """
    changes: list[Callable[[Any], Any]] = []
    while isinstance(env, VecEnvWrapper) and not isinstance(env, WorldModelVecEnv):
        changes.append(_change_of(env))
        env = env.venv
    for change in reversed(changes):
        obs = change(obs)
    return obs


def _change_of(wrapper: VecEnvWrapper) -> Callable[[Any], Any]:
    if isinstance(wrapper, VecTransposeImage):
        return wrapper.transpose_observations
    if isinstance(wrapper, VecNormalize):
        return wrapper.normalize_obs
    if isinstance(wrapper, VecExtractDictObs):
        key = wrapper.key
        return lambda obs: obs[key]
    if isinstance(wrapper, _UNCHANGED):
        return lambda obs: obs
    raise NotLatentError(
        f"{type(wrapper).__name__} stands above WorldModelVecEnv, and what it does to observations "
        "is not known, so they cannot be brought up to date when the world model has learned. "
        "Put it below: WorldModelVecEnv(wrapper(venv), agent)."
    )


def _names(env: VecEnv) -> str:
    names = [type(env).__name__]
    while isinstance(env, VecEnvWrapper):
        env = env.venv
        names.append(type(env).__name__)
    return " on ".join(names)
