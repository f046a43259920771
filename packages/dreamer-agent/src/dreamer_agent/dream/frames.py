"""A dream as a video (one row per key: real | predicted | error) or as one picture over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dreamer_agent.dream.panels import ACCENT, DIM, INK, PAPER, draw_panels
from dreamer_agent.errors import ConfigError
from dreamer_agent.model.open_loop import OpenLoop
from dreamer_agent.spaces.observation import WHITE

__all__ = ["render_frames", "render_strip", "save_dream_file", "save_frames"]

_COLUMNS = ("real", "predicted", "error")
_PANEL, _STRIP_PANEL = (240, 216), (160, 144)
_GAP, _HEADER, _LABEL = 8, 22, 16
_STRIP_STEPS = 8

Alphabets = Mapping[str, Sequence[str]]


def save_dream_file(
    result: OpenLoop,
    path: Path,
    modalities: Mapping[str, str],
    alphabets: Alphabets | None = None,
    index: int = 0,
    fps: float = 5.0,
) -> None:
    """Write one sequence as ``.webp`` or ``.gif`` video, or as one ``.png`` picture.

    Args:
        result: From ``WorldModel.open_loop``.
        path: Where; its ending chooses the format.
        modalities: Modality of each key.
        alphabets: Characters of token keys.
        index: Which sequence of the batch.
        fps: Frames per second.

    Raises:
        ConfigError: The file cannot be written.
    """
    if path.suffix == ".png":
        picture = render_strip(result, modalities, alphabets, index)
        _write(path, lambda: picture.save(path))
        return
    # predictions are grainy: without loss they take nearly twice the space
    save_frames(render_frames(result, modalities, alphabets, index), path, fps, lossless=False)


def save_frames(
    frames: Sequence[Image.Image], path: Path, fps: float, lossless: bool = True
) -> None:
    """Write frames as ``.webp`` or ``.gif``.

    Args:
        frames: Of one size.
        path: Where; its ending chooses the format.
        fps: Frames per second.
        lossless: Of ``.webp``; else quality 85.

    Raises:
        ConfigError: The file cannot be written.
    """
    options: dict[str, Any] = {}
    if path.suffix == ".webp":
        options = {"lossless": True} if lossless else {"quality": 85}
    options |= {"append_images": list(frames[1:]), "duration": int(1000 / fps), "loop": 0}
    _write(path, lambda: frames[0].save(path, save_all=True, **options))


def _write(path: Path, save: Callable[[], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save()
    except OSError as error:
        raise ConfigError(
            f"Cannot write {path}: {error.strerror or error}. Choose another place with --out."
        ) from None


def render_frames(
    result: OpenLoop,
    modalities: Mapping[str, str],
    alphabets: Alphabets | None = None,
    index: int = 0,
) -> list[Image.Image]:
    """Draw one frame per step of one sequence."""
    length = result.reward[0].shape[1]
    return [_frame(result, modalities, alphabets or {}, index, t) for t in range(length)]


def render_strip(
    result: OpenLoop,
    modalities: Mapping[str, str],
    alphabets: Alphabets | None = None,
    index: int = 0,
) -> Image.Image:
    """Draw some steps side by side: time to the right, real over predicted over error."""
    length = result.reward[0].shape[1]
    steps = np.unique(np.linspace(0, length - 1, min(_STRIP_STEPS, length)).astype(int)).tolist()
    width, height = _STRIP_PANEL
    row_height = len(_COLUMNS) * (height + 2) + _LABEL + _GAP
    size = (
        _GAP + len(steps) * (width + _GAP),
        _HEADER + len(result.observations) * row_height,
    )
    strip = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(strip)
    for column, t in enumerate(steps):
        left = _GAP + column * (width + _GAP)
        draw.text((left, 4), _phase(result, t), ACCENT if t >= result.context_steps else INK)
        for row, key in enumerate(result.observations):
            top = _HEADER + row * row_height
            if column == 0:
                draw.text((left, top), f"{key}: real, predicted, error", DIM)
            panels = _panels(result, key, index, t, modalities, alphabets or {}, _STRIP_PANEL)
            for number, panel in enumerate(panels):
                strip.paste(panel, (left, top + _LABEL + number * (height + 2)))
    return strip


def _frame(
    result: OpenLoop, modalities: Mapping[str, str], alphabets: Alphabets, index: int, t: int
) -> Image.Image:
    row_height = _PANEL[1] + _LABEL + _GAP
    width = len(_COLUMNS) * _PANEL[0] + (len(_COLUMNS) + 1) * _GAP
    frame = Image.new("RGB", (width, _HEADER + row_height * len(result.observations)), PAPER)
    draw = ImageDraw.Draw(frame)
    draw.text((_GAP, 4), _caption(result, index, t), ACCENT if t >= result.context_steps else INK)
    for row, key in enumerate(result.observations):
        top = _HEADER + row * row_height
        panels = _panels(result, key, index, t, modalities, alphabets, _PANEL)
        for column, (name, panel) in enumerate(zip(_COLUMNS, panels, strict=True)):
            left = _GAP + column * (_PANEL[0] + _GAP)
            draw.text((left, top), f"{key} · {name}", DIM)
            frame.paste(panel, (left, top + _LABEL))
    return frame


def _panels(
    result: OpenLoop,
    key: str,
    index: int,
    t: int,
    modalities: Mapping[str, str],
    alphabets: Alphabets,
    size: tuple[int, int],
) -> tuple[Image.Image, ...]:
    truth, predicted = (values[index] for values in result.observations[key])
    modality = modalities.get(key, "vector")
    scale = (float(truth.min()), float(truth.max()))
    if modality in ("image", "mask"):
        scale = (0.0, result.highs.get(key, WHITE))
    return draw_panels(modality, truth[t], predicted[t], size, alphabets.get(key), scale)


def _phase(result: OpenLoop, t: int) -> str:
    ahead = t - result.context_steps + 1
    return f"dream, {ahead} ahead" if ahead > 0 else f"seen, step {t + 1}"


def _caption(result: OpenLoop, index: int, t: int) -> str:
    reward, guess = (values[index, t] for values in result.reward)
    alive = result.continues[1][index, t]
    return f"{_phase(result, t)}    reward {reward:.2f} | {guess:.2f}    continue {alive:.2f}"
