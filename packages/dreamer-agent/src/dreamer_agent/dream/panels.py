"""One observation as a small picture: images, masks, pages of text, bars of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dreamer_agent.spaces.observation import WHITE

__all__ = ["ACCENT", "DIM", "INK", "PAPER", "decode_text", "draw_panels"]

INK, PAPER, DIM, ACCENT = (235, 235, 235), (18, 20, 26), (140, 146, 160), (90, 200, 250)
_PAGE = (8, 9, 12)
_LINE_HEIGHT, _FONT_SIZE = 15, 11
_MOST_BARS = 64  # more numbers than this are drawn as a grid

Size = tuple[int, int]
Panels = tuple[Image.Image, Image.Image, Image.Image]


def decode_text(ids: NDArray[Any], alphabet: Sequence[str] | None = None) -> str:
    """Turn token ids into characters; 0 ends the text.

    Args:
        ids: ``(L,)`` integers.
        alphabet: Character of each id; without one, ids are read as ASCII.
    """
    text = ids.astype(int).ravel()
    text = text[: int(np.argmax(text == 0))] if (text == 0).any() else text
    if alphabet is not None:
        return "".join(alphabet[i] if i < len(alphabet) else "?" for i in text)
    return "".join(chr(i) if 32 <= i < 127 or i == 10 else "·" for i in text)


def draw_panels(
    modality: str,
    truth: NDArray[Any],
    predicted: NDArray[Any],
    size: Size,
    alphabet: Sequence[str] | None = None,
    scale: tuple[float, float] | None = None,
) -> Panels:
    """Draw what was, what was predicted, and the difference.

    Args:
        modality: Of this key.
        truth: One observation, in its own units.
        predicted: The prediction of it.
        size: Width and height of each panel in pixels.
        alphabet: Characters of token ids.
        scale: Lowest and highest number shown; if left out, from the truth, and for pictures
            (0, 255). Every pixel of a mask above 0 is white.
    """
    if modality in ("image", "mask"):
        high = scale[1] if scale else WHITE
        real, guess = (_grey(values, modality, high) for values in (truth, predicted))
        error = np.abs(real - guess)
        return _picture(real, size), _picture(guess, size), _picture(error, size)
    if modality == "tokens":
        said, guessed = decode_text(truth, alphabet), decode_text(predicted, alphabet)
        wrong = _difference(said, guessed)
        return _page(said, size), _page(guessed, size), _page(wrong, size)
    before, after = (np.ravel(values).astype(np.float64) for values in (truth, predicted))
    low, high = scale or (before.min(), before.max())
    low, high = min(low, 0.0), max(high, 1e-6)
    distance = np.abs(before - after)
    return (
        _numbers(before, low, high, size),
        _numbers(after, low, high, size),
        _numbers(distance, 0.0, high - low, size),
    )


def _grey(values: NDArray[Any], modality: str, high: float) -> NDArray[np.int16]:
    share = values > 0 if modality == "mask" else np.clip(values / high, 0, 1)
    return np.rint(share * WHITE).astype(np.int16)


def _picture(values: NDArray[Any], size: Size) -> Image.Image:
    values = values.astype(np.uint8)
    values = values[..., None] if values.ndim == 2 else values
    image = Image.fromarray(values[..., :3] if values.shape[2] >= 3 else values[..., 0])
    scale = min(size[0] / image.width, size[1] / image.height)
    scale = int(scale) if scale >= 1 else scale
    scaled = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    panel = Image.new("RGB", size, PAPER)
    panel.paste(image.convert("RGB").resize(scaled, Image.Resampling.NEAREST), (0, 0))
    return panel


def _page(text: str, size: Size) -> Image.Image:
    panel = Image.new("RGB", size, _PAGE)
    draw = ImageDraw.Draw(panel)
    font = ImageFont.load_default(_FONT_SIZE)
    width = size[0] // 7
    lines = [
        part[i : i + width] for part in text.split("\n") for i in range(0, max(1, len(part)), width)
    ]
    for number, line in enumerate(lines[: size[1] // _LINE_HEIGHT]):
        draw.text((5, 3 + _LINE_HEIGHT * number), line, INK, font=font)
    return panel


def _difference(real: str, guess: str) -> str:
    length = max(len(real), len(guess))
    pairs = zip(real.ljust(length), guess.ljust(length), strict=True)
    return "".join(a if a == "\n" else (" " if a == b else "x") for a, b in pairs)


def _numbers(values: NDArray[np.float64], low: float, high: float, size: Size) -> Image.Image:
    level = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    if len(values) > _MOST_BARS:
        side = int(np.ceil(np.sqrt(len(values) * size[0] / size[1])))
        cells = np.zeros(side * -(-len(values) // side))
        cells[: len(values)] = level
        return _picture(cells.reshape(-1, side) * WHITE, size)
    panel = Image.new("RGB", size, _PAGE)
    draw = ImageDraw.Draw(panel)
    width, height = size[0] / len(values), size[1] - 1
    zero = height - height * float(np.clip(-low / max(high - low, 1e-9), 0, 1))
    for number, value in enumerate(level):
        top, bottom = sorted((height - height * float(value), zero))
        draw.rectangle((number * width + 1, top, (number + 1) * width - 2, bottom), ACCENT)
    return panel
