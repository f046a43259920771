"""Maps with their names, sizes and places on the stitched world map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapInfo:
    """One map of the game; lengths in 16-pixel steps.

    Attributes:
        map_id: The game's number of the map.
        name: Its name.
        width: Columns.
        height: Rows.
        origin: World coordinates of its top-left step if it is outdoors, else None.
        parent: For an indoor map, the outdoor map its (first) door is on, if any.
        door: Where on the parent that door is.
    """

    map_id: int
    name: str
    width: int
    height: int
    origin: tuple[int, int] | None
    parent: int | None
    door: tuple[int, int] | None


class MapTable:
    """All maps of a game, by id.

    Args:
        maps: The maps.
    """

    def __init__(self, maps: Iterable[MapInfo]) -> None:
        self._by_id = {info.map_id: info for info in maps}
        outdoor = [info for info in self._by_id.values() if info.origin]
        self.world_width = max((m.origin[0] + m.width for m in outdoor if m.origin), default=0)
        self.world_height = max((m.origin[1] + m.height for m in outdoor if m.origin), default=0)

    def __iter__(self) -> Iterator[MapInfo]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, map_id: int) -> MapInfo | None:
        """Return the map, or None if the game has no such map."""
        return self._by_id.get(map_id)

    def name(self, map_id: int) -> str:
        """Return the map's name; ``MAP_<id>`` if the game has no such map."""
        info = self._by_id.get(map_id)
        return info.name if info else f"MAP_{map_id}"

    def is_loaded(self, map_id: int, blocks: tuple[int, int]) -> bool:
        """Tell whether a map is there with its own size, and coordinates therefore are on it.

        Entering a map, games set its number first, and only later its size and the coordinates.

        Args:
            map_id: Map by its number in memory.
            blocks: Height and width in memory, in 32-pixel blocks.

        Returns:
            False in between; True for a map of unknown size.
        """
        info = self._by_id.get(map_id)
        if info is None or not info.width:
            return True
        return blocks == (-(-info.height // 2), -(-info.width // 2))

    def global_xy(self, map_id: int, x: int, y: int) -> tuple[int, int] | None:
        """Place a position on the world map.

        Args:
            map_id: Map the player is on.
            x: Column as stored in memory.
            y: Row as stored in memory.

        Returns:
            World coordinates in steps; for an indoor map those of its door outdoors; None where
            the map has no place in the world.
        """
        info = self._by_id.get(map_id)
        if info is None:
            return None
        if info.origin is not None:
            column, row = clamp(info, x, y)
            return info.origin[0] + column, info.origin[1] + row
        if info.parent is None or info.door is None:
            return None
        return self.global_xy(info.parent, *info.door)


def clamp(info: MapInfo | None, x: int, y: int) -> tuple[int, int]:
    """Keep stored coordinates on the map: while crossing to the next one they leave it by a step.

    A map of unknown size only turns -1, stored as 255, into 0.
    """
    last_x, last_y = (info.width - 1, info.height - 1) if info and info.width else (254, 254)
    return min(0 if x == 255 else x, last_x), min(0 if y == 255 else y, last_y)
