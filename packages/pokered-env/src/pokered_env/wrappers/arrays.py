"""One array instead of a Dict, for networks that take nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from pokered_env.arguments import whole_number
from pokered_env.errors import ConfigError


class ScreenOnly(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Makes the observation one picture: images side by side in its channels.

    The last frames follow each other from the oldest on; an episode's first is repeated.

    Args:
        env: An environment with the images, such as `PokeRed-v0`.
        size: Height and width, made by area averaging; None keeps 72 × 80.
        keys: Which images; `("screen", "visited_mask")` shows the walked tiles too.
        num_frames: How many of the last frames.
        channels_first: ``(channels, height, width)`` as PyTorch has it, else channels last.

    Raises:
        ConfigError: There is no such image, or a number is not positive.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        size: tuple[int, int] | None = None,
        *,
        keys: Sequence[str] = ("screen",),
        num_frames: int = 1,
        channels_first: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(
            self, size=size, keys=keys, num_frames=num_frames, channels_first=channels_first
        )
        gym.Wrapper.__init__(self, env)
        images = _choose(env.observation_space, keys, _is_image, "images")
        height, width = _positive("size", images[0].shape[:2] if size is None else size, 2)
        (count,) = _positive("num_frames", (num_frames,), 1)
        self._rows = _average(images[0].shape[0], height)
        self._columns = _average(images[0].shape[1], width)
        self._is_resized = (height, width) != images[0].shape[:2]
        self._keys, self._channels_first = tuple(keys), channels_first
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=count)
        channels = count * sum(image.shape[2] for image in images)
        shape = (channels, height, width) if channels_first else (height, width, channels)
        self.observation_space = spaces.Box(0, 255, shape, np.uint8)

    def reset(self, **kwargs: Any) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Reset; the first frame stands for those before it too."""
        seen, info = self.env.reset(**kwargs)
        self._frames.extend([self._frame(seen)] * (self._frames.maxlen or 1))
        return self._picture(), info

    def step(self, action: Any) -> tuple[NDArray[np.uint8], Any, bool, bool, dict[str, Any]]:
        """Step; the newest frame is the last."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        self._frames.append(self._frame(seen))
        return self._picture(), reward, terminated, truncated, info

    def _frame(self, seen: dict[str, Any]) -> NDArray[np.uint8]:
        frame = np.concatenate([seen[key] for key in self._keys], axis=2).transpose(2, 0, 1)
        if not self._is_resized:
            return frame  # (C, H, W)
        return np.rint(self._rows @ frame @ self._columns.T).astype(np.uint8)

    def _picture(self) -> NDArray[np.uint8]:
        picture = np.concatenate(self._frames)
        return picture if self._channels_first else np.ascontiguousarray(picture.transpose(1, 2, 0))


class FlatObservation(gym.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Makes the observation one vector of float32 in [0, 1], key after key.

    Put `HashedWords` around the environment first to have `text` among the keys: character ids are
    names, not magnitudes.

    Args:
        env: An environment with a Dict of bounded arrays.
        keys: Which of them, in this order.

    Raises:
        ConfigError: There is no such key, or what it names has no bounds.
    """

    def __init__(self, env: gym.Env[Any, Any], keys: Sequence[str] = ("state",)) -> None:
        RecordConstructorArgs.__init__(self, keys=keys)
        gym.ObservationWrapper.__init__(self, env)
        boxes = _choose(env.observation_space, keys, spaces.Box.is_bounded, "bounded arrays")
        self._keys = tuple(keys)
        self._low = _joined([box.low for box in boxes])
        self._range = _joined([box.high for box in boxes]) - self._low
        self.observation_space = spaces.Box(0.0, 1.0, self._low.shape, np.float32)

    def observation(self, observation: dict[str, Any]) -> NDArray[np.float32]:
        """Return the observation as a vector."""
        vector = _joined([observation[key] for key in self._keys])
        vector -= self._low
        vector /= self._range
        return vector


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float32)


def _is_image(box: spaces.Box) -> bool:
    return box.dtype == np.uint8 and len(box.shape) == 3


def _choose(
    space: spaces.Space[Any],
    keys: Sequence[str],
    is_fit: Callable[[spaces.Box], bool],
    kind: str,
) -> list[spaces.Box]:
    parts = getattr(space, "spaces", None)
    boxes = parts.items() if isinstance(parts, dict) else ()
    known = {key: box for key, box in boxes if isinstance(box, spaces.Box) and is_fit(box)}
    if isinstance(keys, str) or not keys or set(keys) - set(known):
        raise ConfigError(f"keys={keys!r}. Pass a tuple of {kind}; there are {list(known)}.")
    return [known[key] for key in keys]


def _positive(name: str, values: Any, length: int) -> list[int]:
    listed = values if isinstance(values, tuple | list) else ()
    numbers = [whole_number(value) or 0 for value in listed]
    if len(numbers) != length or min(numbers) < 1:
        raise ConfigError(f"{name}={values!r}. Pass {length} whole numbers from 1 on.")
    return numbers


def _average(size: int, new_size: int) -> NDArray[np.float32]:
    """Return the weights, ``(new_size, size)``, by which pixels of one axis become others."""
    edges = np.linspace(0, size, new_size + 1)[:, None]
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.maximum(overlap, 0) * new_size / size).astype(np.float32)
