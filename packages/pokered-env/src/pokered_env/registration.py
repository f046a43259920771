"""The ids under which Gymnasium knows the environments; string entry points import nothing."""

from __future__ import annotations

from copy import copy

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

ENV_ID = "PokeRed-v0"


def register_envs() -> None:
    """Register the ids; a second call changes nothing."""
    if ENV_ID not in gym.registry:
        gym.register(
            ENV_ID,
            entry_point="pokered_env.env:PokeRedEnv",
            vector_entry_point="pokered_env.vector.vector_env:PokeRedVectorEnv",
        )


def with_step_limit(spec: EnvSpec | None, max_steps: float) -> EnvSpec | None:
    """Return a spec that names the environment's own step limit where it names none.

    Args:
        spec: The spec; None stays None.
        max_steps: The limit, infinity for none.
    """
    if spec is None or spec.max_episode_steps is not None or max_steps == float("inf"):
        return spec
    limited = copy(spec)
    limited.max_episode_steps = int(max_steps)
    return limited
