"""Pictures for people that show more than the screen."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from pokered_env.emulation.rendering import rgb_array
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.game.maps import MapInfo, MapTable, clamp
from pokered_env.recording.heat_map import draw_heat_map
from pokered_env.wrappers.game import game_of

_PLAYER, _OUTSIDE = (90, 200, 250), 24
_SIDE, _SCALE = 36, 4  # tiles shown, and pixels a tile: as high as the screen


class Overlay(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Draws the map around the player with the tiles of the episode beside the screen.

    Only `render` changes: it returns ``(144, 304, 3)``.

    Args:
        env: The environment, made with ``render_mode="rgb_array"``.

    Raises:
        ConfigError: It is no Pokémon Red, or has another render mode.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._base = game_of(env, "Overlay")
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        if env.render_mode != "rgb_array":
            raise ConfigError(
                f'Overlay needs render_mode="rgb_array", this environment has {env.render_mode!r}.'
            )

    def render(self) -> NDArray[np.uint8]:
        """Return screen and map side by side."""
        return draw_overlay(self._base)


def draw_overlay(env: PokeRedEnv) -> NDArray[np.uint8]:
    """Return screen and map of a running episode side by side, ``(144, 304, 3)``."""
    picture, x, y = _draw_surroundings(env)
    half = _SIDE // 2
    picture = np.pad(picture, ((half, half), (half, half), (0, 0)), constant_values=_OUTSIDE)
    picture = picture[y : y + _SIDE, x : x + _SIDE].repeat(_SCALE, 0).repeat(_SCALE, 1)
    middle = slice(half * _SCALE, (half + 1) * _SCALE)
    picture[middle, middle] = _PLAYER
    return np.concatenate([rgb_array(env.emulator.screen), picture], axis=1)


def _draw_surroundings(env: PokeRedEnv) -> tuple[NDArray[np.uint8], int, int]:
    """Return the map the player is on, one pixel a tile, and where on it they are."""
    maps, state, exploration = env.rom.profile.maps, env.game_state, env.progress.exploration
    info = maps.get(state.map_id)
    x, y = clamp(info, state.x, state.y)
    if info is None or info.origin is None:
        room = exploration.room(state.map_id)
        here = MapInfo(state.map_id, "", room.shape[1], room.shape[0], (0, 0), None, None)
        return draw_heat_map(room, MapTable([here]), scale=1), x, y
    world = draw_heat_map(exploration.world(), maps, scale=1)
    return world, info.origin[0] + x, info.origin[1] + y
