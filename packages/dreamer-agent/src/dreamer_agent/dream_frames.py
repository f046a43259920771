"""Frames of a dream: one row per observation key, real | predicted | error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dreamer_agent.world_model import OpenLoop

__all__ = ["decode_text", "render_frames", "save_frames"]

_PANEL = (240, 216)
_COLUMNS = ("real", "predicted", "error")
_GAP = 8
_HEADER = 22
_LABEL = 16
_INK, _PAPER, _DIM, _ACCENT = (235, 235, 235), (18, 20, 26), (140, 146, 160), (90, 200, 250)
_STRIP_FRAMES = 8
_BAR_KEYS = 64  # more numbers than this are drawn as a grid


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


def render_frames(
    result: OpenLoop,
    modalities: Mapping[str, str],
    alphabets: Mapping[str, Sequence[str]] | None = None,
    index: int = 0,
) -> list[Image.Image]:
    """Draw one frame per step of one sequence.

    Args:
        result: From ``WorldModel.open_loop``.
        modalities: Modality of each key.
        alphabets: Characters of token keys.
        index: Which sequence of the batch.
    """
    length = result.reward[0].shape[1]
    return [_frame(result, modalities, alphabets or {}, index, t) for t in range(length)]


def save_frames(frames: Sequence[Image.Image], path: Path, fps: float = 5.0) -> None:
    """Write frames as WebP (lossless), GIF, or a PNG strip of some of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        picks = np.linspace(0, len(frames) - 1, min(_STRIP_FRAMES, len(frames))).astype(int)
        chosen = [frames[i] for i in picks]
        width, height = chosen[0].size
        strip = Image.new("RGB", (width * len(chosen), height), _PAPER)
        for place, frame in enumerate(chosen):
            strip.paste(frame, (place * width, 0))
        strip.save(path)
        return
    options: dict[str, Any] = {"lossless": True} if path.suffix == ".webp" else {}
    frames[0].save(
        path,
        save_all=True,
        append_images=list(frames[1:]),
        duration=int(1000 / fps),
        loop=0,
        **options,
    )


def _frame(
    result: OpenLoop,
    modalities: Mapping[str, str],
    alphabets: Mapping[str, Sequence[str]],
    index: int,
    t: int,
) -> Image.Image:
    keys = list(result.observations)
    row_height = _PANEL[1] + _LABEL + _GAP
    width = 3 * _PANEL[0] + 4 * _GAP
    frame = Image.new("RGB", (width, _HEADER + row_height * len(keys) + _GAP), _PAPER)
    draw = ImageDraw.Draw(frame)
    draw.text((_GAP, 4), _caption(result, index, t), _ACCENT if _dreams(result, t) else _INK)
    for row, key in enumerate(keys):
        truth, predicted = (values[index, t] for values in result.observations[key])
        panels = _panels(modalities.get(key, "vector"), truth, predicted, alphabets.get(key))
        top = _HEADER + row * row_height
        for column, (name, panel) in enumerate(zip(_COLUMNS, panels, strict=True)):
            left = _GAP + column * (_PANEL[0] + _GAP)
            draw.text((left, top), f"{key} · {name}", _DIM)
            frame.paste(panel, (left, top + _LABEL))
    return frame


def _dreams(result: OpenLoop, t: int) -> bool:
    return t >= result.context_steps


def _caption(result: OpenLoop, index: int, t: int) -> str:
    reward, guess = (values[index, t] for values in result.reward)
    _, alive = (values[index, t] for values in result.continues)
    ahead = t - result.context_steps + 1
    phase = f"dream, {ahead} ahead" if _dreams(result, t) else f"seen, step {t + 1}"
    return f"{phase}    reward {reward:.2f} | {guess:.2f}    continue {alive:.2f}"


def _panels(
    modality: str, truth: NDArray[Any], predicted: NDArray[Any], alphabet: Sequence[str] | None
) -> tuple[Image.Image, Image.Image, Image.Image]:
    if modality in ("image", "mask"):
        error = np.abs(truth.astype(np.int16) - predicted.astype(np.int16)).astype(np.uint8)
        return _picture(truth), _picture(predicted), _picture(error)
    if modality == "tokens":
        real, guess = decode_text(truth, alphabet), decode_text(predicted, alphabet)
        return _page(real), _page(guess), _page(_difference(real, guess))
    before, after = (np.ravel(values).astype(np.float64) for values in (truth, predicted))
    low, high = min(before.min(), after.min(), 0.0), max(before.max(), after.max(), 1e-6)
    bars = _bars(np.abs(before - after), (0.0, high - low))
    return _bars(before, (low, high)), _bars(after, (low, high)), bars


def _picture(values: NDArray[Any]) -> Image.Image:
    values = values[..., None] if values.ndim == 2 else values
    channels = values.shape[2]
    image = Image.fromarray(values[..., :3] if channels >= 3 else values[..., 0])
    scale = min(_PANEL[0] / image.width, _PANEL[1] / image.height)
    scale = int(scale) if scale >= 1 else scale
    size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    panel = Image.new("RGB", _PANEL, _PAPER)
    panel.paste(image.convert("RGB").resize(size, Image.Resampling.NEAREST), (0, 0))
    return panel


def _page(text: str) -> Image.Image:
    panel = Image.new("RGB", _PANEL, (8, 9, 12))
    draw = ImageDraw.Draw(panel)
    font = ImageFont.load_default(12)
    lines = [part[i : i + 32] for part in text.split("\n") for i in range(0, max(1, len(part)), 32)]
    for number, line in enumerate(lines[:13]):
        draw.text((6, 4 + 16 * number), line, _INK, font=font)
    return panel


def _difference(real: str, guess: str) -> str:
    length = max(len(real), len(guess))
    pairs = zip(real.ljust(length), guess.ljust(length), strict=True)
    return "".join(a if a == "\n" else (" " if a == b else "x") for a, b in pairs)


def _bars(values: NDArray[np.float64], scale: tuple[float, float]) -> Image.Image:
    low, high = scale
    level = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    if len(values) > _BAR_KEYS:
        side = int(np.ceil(np.sqrt(len(values) * _PANEL[0] / _PANEL[1])))
        cells = np.zeros(side * -(-len(values) // side))
        cells[: len(values)] = level
        return _picture((cells.reshape(-1, side) * 255).astype(np.uint8))
    panel = Image.new("RGB", _PANEL, (8, 9, 12))
    draw = ImageDraw.Draw(panel)
    width, height = _PANEL[0] / len(values), _PANEL[1] - 1
    zero = height - height * float(np.clip(-low / max(high - low, 1e-9), 0, 1))
    for number, value in enumerate(level):
        top, bottom = sorted((height - height * float(value), zero))
        draw.rectangle((number * width + 1, top, (number + 1) * width - 2, bottom), _ACCENT)
    return panel
