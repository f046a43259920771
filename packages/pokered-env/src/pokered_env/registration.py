"""The ids under which Gymnasium knows the environments; string entry points import nothing."""

from __future__ import annotations

import gymnasium as gym

ENV_ID = "PokeRed-v0"


def register_envs() -> None:
    """Register the ids; a second call changes nothing."""
    if ENV_ID not in gym.registry:
        gym.register(
            ENV_ID,
            entry_point="pokered_env.env:PokeRedEnv",
            vector_entry_point="pokered_env.vector.vector_env:PokeRedVectorEnv",
        )
