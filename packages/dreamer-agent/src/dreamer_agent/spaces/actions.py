"""Action spaces, and how actions look to the networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
import torch.nn.functional as F
from gymnasium import spaces
from jaxtyping import Bool, Float
from torch import Tensor

from dreamer_agent.errors import SpaceError


@dataclass(frozen=True)
class ActionSpec:
    """The action space, and how actions look to the networks.

    Encoded actions are floats ``(..., size)``: concatenated one-hots for Discrete,
    MultiDiscrete and MultiBinary, values scaled to [-1, 1] for a bounded Box (raw ones where it is
    unbounded).

    Attributes:
        kind: ``categorical`` (Discrete, MultiDiscrete, MultiBinary) or ``continuous`` (Box).
        shape: Shape of one action in the space's own form.
        dtype: Name of the numpy dtype.
        classes: Choices of each categorical component.
        offset: Smallest value of each categorical component.
        low: Lower bounds of a Box, flattened.
        high: Upper bounds of a Box, flattened.
    """

    kind: Literal["categorical", "continuous"]
    shape: tuple[int, ...]
    dtype: str
    classes: tuple[int, ...] = ()
    offset: tuple[int, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Width of an encoded action."""
        return sum(self.classes) if self.kind == "categorical" else len(self.low)

    def encode(self, action: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Encode actions of the space's own form, ``(..., *shape)``, as floats ``(..., size)``.

        Raises:
            SpaceError: A categorical action outside the space.
        """
        array = np.asarray(action)
        batch_shape = array.shape[: array.ndim - len(self.shape)]
        if self.kind == "continuous":
            flat = np.ascontiguousarray(array.reshape(*batch_shape, -1), np.float32)
            return self._scale(torch.as_tensor(flat, device=device))
        index = array.reshape(*batch_shape, len(self.classes)).astype(np.int64)
        # rows where is_first carry an all-zero action, which a start above 0 does not contain
        index = np.where((index == 0) & (np.asarray(self.offset) > 0), 0, index - self.offset)
        if (index < 0).any() or (index >= np.asarray(self.classes)).any():
            raise SpaceError(
                f"Action outside the space: classes {self.classes} from {self.offset}, "
                f"got values {array.min()}..{array.max()}."
            )
        indices = torch.as_tensor(index, device=device)
        parts = [F.one_hot(indices[..., i], n) for i, n in enumerate(self.classes)]
        return torch.cat(parts, -1).float()

    def decode(self, encoded: Float[Tensor, "*batch size"]) -> np.ndarray:
        """Turn encoded actions back into the space's own form and dtype; Box values are clipped."""
        batch_shape = tuple(encoded.shape[:-1])
        if self.kind == "continuous":
            low, high = self._bounds(encoded)
            unit = encoded.clamp(-1, 1)
            bounded = torch.isfinite(high - low)
            values = torch.where(bounded, low + (unit + 1) / 2 * (high - low), encoded)
            # clipped in the space's own dtype: its bounds may not be float32 numbers
            bounds = (np.asarray(bound, self.dtype) for bound in (self.low, self.high))
            array = values.cpu().numpy().astype(self.dtype).clip(*bounds)
            return array.reshape(*batch_shape, *self.shape)
        parts = encoded.split(self.classes, -1)
        index = torch.stack([part.argmax(-1) for part in parts], -1).cpu().numpy()
        return (
            (index + np.asarray(self.offset)).astype(self.dtype).reshape(*batch_shape, *self.shape)
        )

    def allowed(self, mask: Bool[Tensor, "*batch size"]) -> Bool[Tensor, "*batch size"]:
        """Return a mask that allows all of a component where ``mask`` allows none of it."""
        parts = mask.split(self.classes, -1)
        return torch.cat([part | ~part.any(-1, keepdim=True) for part in parts], -1)

    def _bounds(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return like.new_tensor(self.low), like.new_tensor(self.high)

    def _scale(self, values: Tensor) -> Tensor:
        low, high = self._bounds(values)
        bounded = torch.isfinite(high - low)
        span = torch.where(bounded, high - low, 1.0)
        scaled = (values - torch.where(bounded, low, 0.0)) / span * 2 - 1
        return torch.where(bounded, scaled, values)


def action_spec(space: gym.Space[Any]) -> ActionSpec:
    """Describe an action space.

    Raises:
        SpaceError: The space is not Discrete, MultiDiscrete, MultiBinary or a floating-point Box,
            or has no element.
    """
    if 0 in (space.shape or ()):
        raise SpaceError(f"Action space {space} has no element; there is nothing to choose.")
    dtype = str(np.dtype(space.dtype)) if space.dtype is not None else ""
    if isinstance(space, spaces.Discrete):
        return ActionSpec("categorical", (), dtype, (int(space.n),), (int(space.start),))
    if isinstance(space, spaces.MultiDiscrete):
        classes = tuple(int(n) for n in space.nvec.ravel())
        offset = tuple(int(s) for s in np.ravel(space.start))
        return ActionSpec("categorical", space.shape, dtype, classes, offset)
    if isinstance(space, spaces.MultiBinary):
        flags = int(np.prod(space.shape))
        return ActionSpec("categorical", space.shape, dtype, (2,) * flags, (0,) * flags)
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        low, high = (tuple(float(x) for x in bound.ravel()) for bound in (space.low, space.high))
        return ActionSpec("continuous", space.shape, dtype, low=low, high=high)
    raise SpaceError(
        f"Action space {space} is not Discrete, MultiDiscrete, MultiBinary or a float Box. Bring "
        "it into one of these with a wrapper (--wrappers module:function)."
    )
