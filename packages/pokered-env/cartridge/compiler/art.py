"""Pixel art in text form to the Game Boy's tiles."""

from __future__ import annotations

from compiler.blocks import Block, Line

SHADES = {".": 0, "-": 1, "+": 2, "#": 3}
Pixels = list[list[int]]
BLANK_TILE = bytes(16)


def read_pixels(block: Block, width: int, height: int | None) -> Pixels:
    """Read the rows under a header.

    Raises:
        ContentError: If the size or a character is wrong.
    """
    if height is not None and len(block.lines) != height:
        raise block.header.error(f"{len(block.lines)} rows instead of {height}")
    return [_read_row(line, width) for line in block.lines]


def _read_row(line: Line, width: int) -> list[int]:
    if len(line.text) != width:
        raise line.error(f"{len(line.text)} columns instead of {width}")
    for character in line.text:
        if character not in SHADES:
            raise line.error(f"{character!r} is no shade (. - + #)")
    return [SHADES[character] for character in line.text]


def tile(pixels: Pixels, x: int, y: int) -> bytes:
    """Encode the 8x8 pixels at (x, y) as 16 bytes, two bit planes a row."""
    data = bytearray()
    for row in pixels[y : y + 8]:
        shades = row[x : x + 8]
        data.append(sum((shade & 1) << (7 - i) for i, shade in enumerate(shades)))
        data.append(sum((shade >> 1) << (7 - i) for i, shade in enumerate(shades)))
    return bytes(data)


def tiles(pixels: Pixels) -> list[bytes]:
    """Cut a picture into tiles, row by row."""
    return [
        tile(pixels, x, y) for y in range(0, len(pixels), 8) for x in range(0, len(pixels[0]), 8)
    ]


def one_bit(tile_data: bytes) -> bytes:
    """Drop the second bit plane: 8 bytes."""
    return tile_data[::2]
