"""Pictures for people that show more than the screen."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.heat_map import draw_heat_map
from pokered_env.rendering import rgb_array

_PLAYER = (90, 200, 250)
_SIDE, _SCALE = 36, 4  # tiles shown, and pixels a tile: as high as the screen


class Overlay(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Draws the world map with the tiles of the episode beside the screen.

    Only `render` changes: it returns ``(144, 304, 3)``. Indoors the map shows where the door is.

    Args:
        env: The environment, made with ``render_mode="rgb_array"``.

    Raises:
        ConfigError: It has another render mode.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        if env.render_mode != "rgb_array":
            raise ConfigError(
                f'Overlay needs render_mode="rgb_array", this environment has {env.render_mode!r}.'
            )

    def render(self) -> NDArray[np.uint8]:
        """Return screen and map side by side."""
        base: Any = self.unwrapped
        return draw_overlay(base)


def draw_overlay(env: PokeRedEnv) -> NDArray[np.uint8]:
    """Return screen and world map of a running episode side by side, ``(144, 304, 3)``."""
    maps, state = env.rom.profile.maps, env.game_state
    picture = draw_heat_map(env.progress.exploration.world(), maps, scale=1)
    half = _SIDE // 2
    picture = np.pad(picture, ((half, half), (half, half), (0, 0)))
    x, y = maps.global_xy(state.map_id, state.x, state.y) or (0, 0)
    picture = picture[y : y + _SIDE, x : x + _SIDE].repeat(_SCALE, 0).repeat(_SCALE, 1)
    middle = slice(half * _SCALE, (half + 1) * _SCALE)
    picture[middle, middle] = _PLAYER
    return np.concatenate([rgb_array(env.emulator.screen), picture], axis=1)
