"""The game under an environment's wrappers."""

from __future__ import annotations

from typing import Any

from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError


def game_of(env: Any, wrapper: str) -> PokeRedEnv:
    """Return the innermost environment for a wrapper that works on it directly.

    Args:
        env: The environment to be wrapped.
        wrapper: Name of the wrapper.

    Raises:
        ConfigError: It is no `PokeRedEnv`.
    """
    game = getattr(env, "unwrapped", env)
    if not isinstance(game, PokeRedEnv):
        raise ConfigError(
            f"{wrapper} wraps a single PokeRedEnv, and this is {game!r}. For many at once, use "
            f'gym.make_vec(..., vectorization_mode="sync", wrappers=[{wrapper}]).'
        )
    return game
