"""Geometry of the image stems: which grids and channels encoder and decoder share."""

from __future__ import annotations

from dataclasses import dataclass

from dreamer_agent.config import ImageConfig

MULTIPLIERS: dict[str, tuple[int, ...]] = {
    "tile": (2, 3, 4),
    "nature": (2, 3, 4, 4),  # danijar/dreamerv3 configs.yaml
    "cnn2023": (1, 2, 4, 8),  # the 2023 preprint
}
SMALLEST_GRID = 4
"""Halving stops when the shorter side of the grid is this or less."""

Grid = tuple[int, int]


@dataclass(frozen=True)
class Stem:
    """The grids of one image, from fine to coarse.

    Attributes:
        grids: Height and width after each stage; odd sizes are rounded up and cropped back.
        channels: Channels after each stage.
    """

    grids: tuple[Grid, ...]
    channels: tuple[int, ...]

    @property
    def flat_size(self) -> int:
        """Number of values in the coarsest grid."""
        height, width = self.grids[-1]
        return height * width * self.channels[-1]


def plan_stem(height: int, width: int, config: ImageConfig) -> Stem:
    """Choose the grids for an image of any size.

    Args:
        height: Pixels.
        width: Pixels.
        config: Stem kind, depth and tile edge.
    """
    multipliers = MULTIPLIERS[config.stem]
    factor = config.tile if config.stem == "tile" else 2
    grids = [(_ceil_div(height, factor), _ceil_div(width, factor))]
    while min(grids[-1]) > SMALLEST_GRID and len(grids) < len(multipliers):
        grids.append((_ceil_div(grids[-1][0], 2), _ceil_div(grids[-1][1], 2)))
    channels = tuple(config.depth * m for m in multipliers[: len(grids)])
    return Stem(tuple(grids), channels)


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)
