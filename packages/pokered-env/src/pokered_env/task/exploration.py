"""Tiles stood on in an episode, and the mask that shows them on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pokered_env.game.game_state import Battle, GameState
from pokered_env.game.maps import MapTable, clamp

TILE_PIXELS = 8  # a 16×16-pixel map tile on the halved screen
# The screen shows 9 rows and 10 columns of tiles; the player stands in row 4, column 4.
_ROWS_ABOVE, _ROWS_SHOWN = 4, 9
_COLUMNS_LEFT, _COLUMNS_SHOWN = 4, 10
_MARGIN = 8  # keeps the view from every tile on the canvas
_LARGEST_COORDINATE = 255

_WORLD = -1

_Tile = tuple[NDArray[np.uint8], int, int]
"""A canvas, column and row."""


class Exploration:
    """The tiles stood on since the last ``clear``.

    Outdoors, tiles are remembered by world coordinates, so a neighbouring map in view shows its
    own; indoors by map and position. On the way into another map, whose number is in memory before
    its coordinates are, the player stands on no tile: that is so while size or header of the
    loaded map, or the coordinates, are still the old map's.

    Args:
        maps: The game's maps.
    """

    def __init__(self, maps: MapTable) -> None:
        self._maps = maps
        self._canvases: dict[int, NDArray[np.uint8]] = {}
        self._located_state: GameState | None = None
        self._located_key: tuple[int, tuple[int, int, bytes]] | None = None
        self._located: _Tile | None
        self._trusted: tuple[int, tuple[int, int, bytes]] | None = None
        self._drawn_at: _Tile | None = None
        self._mask, self._num_drawn = self._draw(None), 0
        self.num_tiles = 0

    def clear(self) -> None:
        """Forget all tiles, and where the player was."""
        self._trusted = self._located_key = self._located_state = None
        for canvas in self._canvases.values():
            canvas.fill(0)
        self.num_tiles = 0

    def visit(self, state: GameState) -> None:
        """Remember the tile the player stands on, if on any."""
        if (tile := self._new_tile(state)) is not None:
            canvas, column, row = tile
            canvas[row, column] = 255
            self.num_tiles += 1

    def is_new(self, state: GameState) -> bool:
        """Tell whether the player stands on a tile not remembered; in battle, on none."""
        return self._new_tile(state) is not None

    def is_on_map(self, state: GameState) -> bool:
        """Tell whether the coordinates are on the map, and not those of the map just left."""
        return self._locate(state) is not None

    def draw_mask(self, state: GameState, out: NDArray[np.uint8]) -> None:
        """Draw 255 on every tile in view that has been stood on, 0 elsewhere.

        Args:
            state: Where the player is; in battle and between two maps the mask is empty.
            out: Written to, ``(72, 80, 1)``.
        """
        tile = self._locate(state)
        if state.battle is not Battle.NONE:
            tile = None
        if tile is not self._drawn_at or self.num_tiles != self._num_drawn:
            self._mask = self._draw(tile)
            self._drawn_at, self._num_drawn = tile, self.num_tiles
        out[...] = self._mask

    @staticmethod
    def _draw(tile: _Tile | None) -> NDArray[np.uint8]:
        if tile is None:
            return _enlarge(bytes(_ROWS_SHOWN * _COLUMNS_SHOWN))
        canvas, column, row = tile
        top, left = row - _ROWS_ABOVE, column - _COLUMNS_LEFT
        view = canvas[top : top + _ROWS_SHOWN, left : left + _COLUMNS_SHOWN]
        return _enlarge(view.tobytes())

    def tiles(self) -> list[tuple[int, int, int]]:
        """Return every tile as (map id, x, y); outdoors the map id is -1 and x, y are world's."""
        return [
            (key, int(x) - _MARGIN, int(y) - _MARGIN)
            for key, canvas in self._canvases.items()
            for y, x in np.argwhere(canvas)
        ]

    def world(self) -> NDArray[np.uint8]:
        """Return the world map, ``(rows, columns)`` of tiles: 255 where stood on, else 0."""
        return self._without_margin(self._canvas_of(_WORLD))

    def room(self, map_id: int) -> NDArray[np.uint8]:
        """Return an indoor map, ``(rows, columns)`` of tiles: 255 where stood on, else 0."""
        return self._without_margin(self._canvas_of(map_id))

    @staticmethod
    def _without_margin(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return canvas[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN].copy()

    def restore(self, tiles: Iterable[tuple[int, int, int]]) -> None:
        """Remember exactly the tiles that ``tiles()`` returned.

        Raises:
            ValueError: One of them is on no map. Nothing is remembered then.
        """
        self.clear()
        for key, x, y in tiles:
            canvas = self._canvas_of(key)
            row, column = y + _MARGIN, x + _MARGIN
            if not (0 <= row < canvas.shape[0] and 0 <= column < canvas.shape[1]):
                self.clear()
                raise ValueError(f"the tile {(key, x, y)} is on no map")
            self.num_tiles += not canvas[row, column]
            canvas[row, column] = 255

    def _new_tile(self, state: GameState) -> _Tile | None:
        if state.battle is not Battle.NONE or (tile := self._locate(state)) is None:
            return None
        canvas, column, row = tile
        return None if canvas[row, column] else tile

    def _locate(self, state: GameState) -> _Tile | None:
        if state is self._located_state:
            return self._located
        self._located_state = state
        key = state.map_id, (state.x, state.y, state.map_header)
        if key != self._located_key:
            self._located_key, self._located = key, self._search(state)
            if self._located is not None:
                self._trusted = key
        return self._located

    def _is_between_maps(self, state: GameState) -> bool:
        if not self._maps.is_loaded(state.map_id, state.map_blocks):
            return True
        if self._trusted is None or self._trusted[0] == state.map_id:
            return False
        return self._trusted[1] == (state.x, state.y, state.map_header)

    def _search(self, state: GameState) -> _Tile | None:
        if self._is_between_maps(state):
            return None
        info = self._maps.get(state.map_id)
        column, row = clamp(info, state.x, state.y)
        if info is not None and info.origin is not None:
            canvas = self._canvas_of(_WORLD)
            return canvas, column + info.origin[0] + _MARGIN, row + info.origin[1] + _MARGIN
        return self._canvas_of(state.map_id), column + _MARGIN, row + _MARGIN

    def _canvas_of(self, key: int) -> NDArray[np.uint8]:
        canvas = self._canvases.get(key)
        if canvas is not None:
            return canvas
        if key == _WORLD:
            return self._canvas(key, self._maps.world_height, self._maps.world_width)
        info = self._maps.get(key)
        if info is None or not (info.width and info.height):
            return self._canvas(key, _LARGEST_COORDINATE, _LARGEST_COORDINATE)
        return self._canvas(key, info.height, info.width)

    def _canvas(self, key: int, rows: int, columns: int) -> NDArray[np.uint8]:
        if key not in self._canvases:
            shape = rows + 2 * _MARGIN, columns + 2 * _MARGIN
            self._canvases[key] = np.zeros(shape, np.uint8)
        return self._canvases[key]


@lru_cache(maxsize=512)
def _enlarge(view: bytes) -> NDArray[np.uint8]:
    tiles = np.frombuffer(view, np.uint8).reshape(_ROWS_SHOWN, _COLUMNS_SHOWN)
    return tiles.repeat(TILE_PIXELS, 0).repeat(TILE_PIXELS, 1)[..., None]
