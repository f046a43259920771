"""Pokémon Red as a Gymnasium environment on a real Game Boy emulator.

Without a ROM of the game, a bundled open game is played.
``gym.make("pokered_env:PokeRed-v0")`` makes the environment; importing this package registers its
id and loads no emulator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pokered_env.emulation.actions import Button
from pokered_env.errors import PokeRedError
from pokered_env.game.game_state import Battle, Direction, GameState
from pokered_env.game.party import PartyMember
from pokered_env.registration import ENV_ID, register_envs
from pokered_env.task.info import StepInfo
from pokered_env.task.numeric_info import NumericInfo
from pokered_env.task.observation import OBSERVATION_SPACE, STATE_LAYOUT, StateField, decode_state
from pokered_env.task.progress import EpisodeSummary
from pokered_env.task.rewards import RewardWeights

if TYPE_CHECKING:
    from pokered_env.env import PokeRedEnv
    from pokered_env.vector.vector_env import PokeRedVectorEnv

__version__ = "0.1.0"

__all__ = [
    "ENV_ID",
    "OBSERVATION_SPACE",
    "STATE_LAYOUT",
    "Battle",
    "Button",
    "Direction",
    "EpisodeSummary",
    "GameState",
    "NumericInfo",
    "PartyMember",
    "PokeRedEnv",
    "PokeRedError",
    "PokeRedVectorEnv",
    "RewardWeights",
    "StateField",
    "StepInfo",
    "decode_state",
    "register_envs",
]

# These import the emulator, so they are loaded when first asked for.
_LAZY = {"PokeRedEnv": "pokered_env.env", "PokeRedVectorEnv": "pokered_env.vector.vector_env"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)


register_envs()
