"""Moving pictures of frames: WebP and GIF with Pillow, MP4 with imageio."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokered_env.errors import ConfigError, MissingDependencyError, PokeRedError
from pokered_env.folders import check_folder

_EXTRA = 'Install it with `pip install "pokered-env[video]"`.'
_VIDEOS = (".webp", ".gif", ".mp4")


class PackedFrames:
    """Pictures of one size, kept compressed: those of a Game Boy take a few kilobytes each."""

    def __init__(self, frames: Iterable[NDArray[np.uint8]] = ()) -> None:
        self._packed: list[bytes] = []
        self._shape: tuple[int, ...] = ()
        for frame in frames:
            self.append(frame)

    def append(self, frame: NDArray[np.uint8]) -> None:
        """Keep another frame, ``(height, width, 3)``.

        Raises:
            ConfigError: It has another shape than the ones before.
        """
        if self._packed and frame.shape != self._shape:
            raise ConfigError(f"A frame has shape {frame.shape}, the first one {self._shape}.")
        self._shape = frame.shape
        self._packed.append(zlib.compress(frame.tobytes(), 1))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> NDArray[np.uint8]:
        return np.frombuffer(zlib.decompress(self._packed[i]), np.uint8).reshape(self._shape)


def check_video_path(path: Path) -> None:
    """Find out what keeps a video from being written there, before there are any frames.

    Raises:
        ConfigError: The ending is none of `.webp`, `.gif` and `.mp4`.
        MissingDependencyError: Pillow or imageio is not installed.
        PokeRedError: There is no folder that could be written to.
    """
    ending = path.suffix.lower()
    if ending not in _VIDEOS:
        raise ConfigError(f"{path} is no video's name. It has to end in {', '.join(_VIDEOS)}.")
    if ending == ".mp4":
        _imageio()
    else:
        _pillow()
    check_folder(path)


def check_picture_path(path: Path) -> None:
    """Find out what keeps a picture from being written there, before it is drawn.

    Raises:
        ConfigError: The ending is none of a kind of picture.
        MissingDependencyError: Pillow is not installed.
        PokeRedError: There is no folder that could be written to.
    """
    if path.suffix.lower() not in _pillow().registered_extensions():
        raise ConfigError(f"{path} is no picture's name. It should end in .png.")
    check_folder(path)


def save_video(
    frames: Iterable[NDArray[np.uint8]], path: Path, fps: float = 10.0, scale: int = 2
) -> int:
    """Write frames as a video; the file's ending says which kind.

    Frames may come from a generator: no more than a few are held as they are. But Pillow holds one
    byte a pixel of everything that moves in a GIF, so long videos should be another kind.

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
    check_video_path(path)
    packed = frames if isinstance(frames, PackedFrames) else PackedFrames(frames)
    if not len(packed) or not fps > 0:
        raise ConfigError(f"There is nothing to show: {len(packed)} frames, {fps} a second.")
    write = _save_mp4 if path.suffix.lower() == ".mp4" else _save_pillow
    try:
        write(packed, path, fps, scale)
    except OSError as error:
        raise PokeRedError(f"Cannot write {path} ({error}).") from error
    return len(packed)


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


def _enlarge(frame: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    return frame.repeat(scale, 0).repeat(scale, 1)


def _save_pillow(frames: PackedFrames, path: Path, fps: float, scale: int) -> None:
    image = _pillow()
    film = image.fromarray(_enlarge(frames[0], scale))

    def seek(i: int) -> None:
        if i >= len(frames):
            raise EOFError
        film.paste(image.fromarray(_enlarge(frames[i], scale)))

    # one picture that shows the next frame when asked to: appended ones, Pillow would hold all
    film.n_frames, film.seek = len(frames), seek
    film.save(path, save_all=True, duration=round(1000 / fps), loop=0, lossless=True)


def _save_mp4(frames: PackedFrames, path: Path, fps: float, scale: int) -> None:
    try:
        writer = _imageio().get_writer(path, fps=fps, macro_block_size=1, quality=9)
        with writer:
            for frame in frames:
                writer.append_data(_enlarge(frame, scale))
    except (ImportError, ValueError) as error:
        raise MissingDependencyError(f"MP4 needs imageio's ffmpeg. {_EXTRA}") from error


def _imageio() -> Any:
    try:
        import imageio.v2 as imageio
    except ImportError as error:
        raise MissingDependencyError(f"MP4 needs imageio. {_EXTRA}") from error
    if find_spec("imageio_ffmpeg") is None:
        raise MissingDependencyError(f"MP4 needs imageio's ffmpeg. {_EXTRA}")
    return imageio


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(f"Pictures need Pillow. {_EXTRA}") from error
    return Image
