"""Where agents have been: counts of tiles drawn over the stitched world map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pokered_env.game.maps import MapInfo, MapTable, clamp

_SMALLEST_WITH_BORDERS = 3
_OUTSIDE, _GROUND, _BORDER = (24, 26, 32), (58, 62, 72), (110, 116, 130)
# from rarely to often, equal steps for the eye
_COLOURS = np.array(
    [
        (70, 30, 110),
        (140, 41, 129),
        (205, 64, 113),
        (246, 110, 92),
        (254, 176, 120),
        (252, 253, 191),
    ],
    np.float64,
)


class VisitCounter:
    """Counts how often the player has come to each outdoor tile; standing there counts once.

    Args:
        maps: The game's maps.

    Attributes:
        counts: Visits of each tile of the world map, ``(rows, columns)``.
    """

    def __init__(self, maps: MapTable) -> None:
        self._maps = maps
        self._place: tuple[int, int, int] | None = None
        self.counts = np.zeros((maps.world_height, maps.world_width), np.int64)

    def add(self, place: tuple[int, int, int]) -> None:
        """Say where the player is: map id, column and row, as in `EpisodeProgress.place`."""
        if place == self._place:
            return
        self._place = place
        info = self._maps.get(place[0])
        if info is not None and info.origin is not None:
            column, row = clamp(info, *place[1:])
            self.counts[info.origin[1] + row, info.origin[0] + column] += 1

    def draw(self) -> NDArray[np.uint8]:
        """Draw the part of the world with visited tiles, as `draw_heat_map` does."""
        return crop_to_visited(draw_heat_map(self.counts, self._maps), self.counts)


def draw_heat_map(
    counts: NDArray[np.integer] | NDArray[np.floating], maps: MapTable, scale: int = 4
) -> NDArray[np.uint8]:
    """Draw how often each outdoor tile was stood on, on a logarithmic scale.

    Args:
        counts: For each tile of the world map, ``(rows, columns)``; `Exploration.world()` of one
            episode, or the sum of many.
        maps: The game's maps.
        scale: Pixels a tile.

    Returns:
        A picture, ``(rows * scale, columns * scale, 3)``.
    """
    picture = np.full((*counts.shape, 3), _OUTSIDE, np.uint8)
    outdoor = [info for info in maps if info.origin is not None]
    for info in outdoor:
        _map_part(picture, info)[...] = _GROUND
    picture[counts > 0] = _colours(counts[counts > 0])
    picture = picture.repeat(scale, 0).repeat(scale, 1)
    if scale >= _SMALLEST_WITH_BORDERS:
        for info in outdoor:
            _draw_border(picture, info, scale)
    return picture


def crop_to_visited(
    picture: NDArray[np.uint8], counts: NDArray[np.integer], scale: int = 4, margin: int = 6
) -> NDArray[np.uint8]:
    """Cut the part of a heat map with visited tiles out, ``margin`` tiles wider on each side."""
    if not counts.any():
        return picture
    rows, columns = np.nonzero(counts)
    top, left = max(rows.min() - margin, 0), max(columns.min() - margin, 0)
    bottom, right = rows.max() + margin + 1, columns.max() + margin + 1
    return picture[top * scale : bottom * scale, left * scale : right * scale]


def _map_part(picture: NDArray[np.uint8], info: MapInfo, scale: int = 1) -> NDArray[np.uint8]:
    x, y = info.origin or (0, 0)
    return picture[y * scale : (y + info.height) * scale, x * scale : (x + info.width) * scale]


def _draw_border(picture: NDArray[np.uint8], info: MapInfo, scale: int) -> None:
    part = _map_part(picture, info, scale)
    part[0], part[-1], part[:, 0], part[:, -1] = _BORDER, _BORDER, _BORDER, _BORDER


def _colours(counts: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.uint8]:
    shares = np.log1p(counts) / np.log1p(counts.max()) if counts.size else np.zeros(0)
    places = shares * (len(_COLOURS) - 1)
    channels = [np.interp(places, range(len(_COLOURS)), _COLOURS[:, c]) for c in range(3)]
    return np.stack(channels, -1).round().astype(np.uint8)
