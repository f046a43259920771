"""Moving pictures of frames: WebP and GIF with Pillow, MP4 with imageio."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import ConfigError, MissingDependencyError, PokeRedError

_EXTRA = 'Install it with `pip install "pokered-env[video]"`.'


def save_video(
    frames: Iterable[NDArray[np.uint8]], path: Path, fps: float = 10.0, scale: int = 2
) -> int:
    """Write frames as a video; the file's ending says which kind.

    Args:
        frames: Pictures of one size, each ``(height, width, 3)``.
        path: Ends in ``.webp`` (lossless), ``.gif`` or ``.mp4``.
        fps: Frames a second.
        scale: Every pixel becomes a square of this side.

    Returns:
        Number of frames written.

    Raises:
        ConfigError: The ending is none of these, or there are no frames.
        MissingDependencyError: Pillow or imageio is not installed.
        PokeRedError: The file cannot be written.
    """
    pictures = [np.repeat(np.repeat(frame, scale, 0), scale, 1) for frame in frames]
    if not pictures or not fps > 0:
        raise ConfigError(f"There is nothing to show: {len(pictures)} frames, {fps} a second.")
    writers = {".webp": _save_pillow, ".gif": _save_pillow, ".mp4": _save_mp4}
    if path.suffix not in writers:
        raise ConfigError(f"{path} is no video's name. It has to end in {', '.join(writers)}.")
    try:
        writers[path.suffix](pictures, path, fps)
    except OSError as error:
        raise PokeRedError(f"Cannot write {path} ({error}).") from error
    return len(pictures)


def save_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write one picture, ``(height, width, 3)``, as PNG or what the ending says.

    Raises:
        MissingDependencyError: Pillow is not installed.
        PokeRedError: The file cannot be written.
    """
    try:
        _pillow().fromarray(picture).save(path)
    except (OSError, ValueError) as error:
        raise PokeRedError(f"Cannot write {path} ({error}).") from error


def _save_pillow(pictures: list[NDArray[np.uint8]], path: Path, fps: float) -> None:
    first, *rest = [_pillow().fromarray(picture) for picture in pictures]
    first.save(
        path, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0, lossless=True
    )


def _save_mp4(pictures: list[NDArray[np.uint8]], path: Path, fps: float) -> None:
    try:
        import imageio.v2 as imageio
    except ImportError as error:
        raise MissingDependencyError(f"MP4 needs imageio. {_EXTRA}") from error
    try:
        writer: Any = imageio.get_writer(path, fps=fps, macro_block_size=1, quality=9)
        with writer:
            for picture in pictures:
                writer.append_data(picture)
    except (ImportError, ValueError) as error:
        raise MissingDependencyError(f"MP4 needs imageio's ffmpeg. {_EXTRA}") from error


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(f"Pictures need Pillow. {_EXTRA}") from error
    return Image
