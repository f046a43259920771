"""From Gymnasium spaces to what the networks are built from: modalities and encoded actions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
import torch.nn.functional as F
from gymnasium import spaces
from jaxtyping import Float
from torch import Tensor

from dreamer_agent.config import AgentConfig, Likelihood, Modality, ModalityConfig
from dreamer_agent.errors import ConfigError, SpaceError

SINGLE_KEY = "observation"
"""Key under which an observation space that is not a Dict appears."""

MAX_IMAGE_CHANNELS = 16

_LIKELIHOODS: dict[Modality, tuple[Likelihood, ...]] = {
    "image": ("mse", "categorical"),
    "mask": ("bernoulli",),
    "tokens": ("categorical",),
    "vector": ("symlog_mse", "mse"),
    "discrete": ("categorical",),
    "binary": ("bernoulli",),
}


@dataclass(frozen=True)
class ObservationSpec:
    """One observation key, as the networks need it.

    Attributes:
        key: Name in the Dict observation.
        modality: How the array is read.
        likelihood: What the decoder predicts.
        shape: Shape of one observation, without batch axes.
        dtype: Name of the numpy dtype.
        classes: Classes of every element: vocabulary of tokens, choices of discrete keys, grey
            levels of categorical images; empty for other keys.
        offset: Smallest class value (``Discrete(start=...)``), else 0.
        encode: Whether the world model sees the key.
        decode: Whether the world model reconstructs it.
        loss_scale: Weight of its reconstruction loss.
    """

    key: str
    modality: Modality
    likelihood: Likelihood
    shape: tuple[int, ...]
    dtype: str
    classes: tuple[int, ...] = ()
    offset: tuple[int, ...] = ()
    encode: bool = True
    decode: bool = True
    loss_scale: float = 1.0

    @property
    def image_size(self) -> tuple[int, int, int]:
        """Height, width and channels of an image or mask."""
        height, width = self.shape[:2]
        return height, width, self.shape[2] if len(self.shape) == 3 else 1

    @property
    def flat_size(self) -> int:
        """Number of elements of one observation."""
        return int(np.prod(self.shape, dtype=np.int64))


def observation_specs(
    space: gym.Space[Any],
    config: AgentConfig,
    modalities: Mapping[str, str] | None = None,
) -> dict[str, ObservationSpec]:
    """Decide how every observation key is encoded and decoded.

    Args:
        space: A Dict space, or a single space (then keyed ``"observation"``).
        config: The agent's configuration; its ``modalities`` win over everything.
        modalities: The environment's own hints, ``env.metadata["modalities"]``.

    Returns:
        One spec per key, sorted by key.

    Raises:
        SpaceError: A space the networks cannot take.
        ConfigError: The configuration names an unknown key or contradicts a space.
    """
    parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {SINGLE_KEY: space}
    if unknown := sorted(set(config.modalities) - set(parts)):
        raise ConfigError(
            f"config.modalities names {unknown}, but the observation has {sorted(parts)}."
        )
    hints = modalities or {}
    specs = {
        key: _spec(key, parts[key], config, hints.get(key)) for key in sorted(parts)
    }  # sorted: parameter order must not depend on how a Dict was written
    if not any(spec.encode for spec in specs.values()):
        raise ConfigError("No observation key is encoded; set encode=True for at least one.")
    return specs


def _spec(
    key: str, space: gym.Space[Any], config: AgentConfig, hint: str | None
) -> ObservationSpec:
    settings = config.modalities.get(key, ModalityConfig())
    if hint is not None and hint not in _LIKELIHOODS:
        raise ConfigError(
            f"Unknown modality {hint!r} for key {key!r}. Known: {', '.join(_LIKELIHOODS)}."
        )
    inferred = _infer_modality(key, space)
    modality: Modality = settings.modality or hint or inferred
    likelihood = settings.likelihood or _default_likelihood(modality, config)
    if likelihood not in _LIKELIHOODS[modality]:
        raise ConfigError(
            f"Key {key!r} is of modality {modality!r} and cannot use likelihood {likelihood!r}; "
            f"choose from {', '.join(_LIKELIHOODS[modality])}."
        )
    _check_shape(key, space, modality)
    classes, offset = _classes(space, modality)
    if modality == "image" and likelihood == "categorical":
        classes = (settings.levels,)
    return ObservationSpec(
        key=key,
        modality=modality,
        likelihood=likelihood,
        shape=tuple(space.shape or ()),
        dtype=str(np.dtype(space.dtype)),
        classes=classes,
        offset=offset,
        encode=settings.encode,
        decode=settings.decode,
        loss_scale=settings.loss_scale,
    )


def _infer_modality(key: str, space: gym.Space[Any]) -> Modality:
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        return "discrete"
    if isinstance(space, spaces.MultiBinary):
        return "binary"
    if isinstance(space, spaces.Box):
        is_picture = space.dtype == np.uint8 and len(space.shape) in (2, 3)
        return "image" if is_picture else "vector"
    raise SpaceError(
        f"Observation key {key!r} is a {type(space).__name__}; supported are Box, Discrete, "
        "MultiDiscrete, MultiBinary, and one level of Dict. Flatten it with a wrapper."
    )


def _default_likelihood(modality: Modality, config: AgentConfig) -> Likelihood:
    if modality == "vector" and not config.vector.symlog:
        return "mse"
    return _LIKELIHOODS[modality][0]


def _check_shape(key: str, space: gym.Space[Any], modality: Modality) -> None:
    shape = tuple(space.shape or ())
    if modality in ("image", "mask") and len(shape) not in (2, 3):
        raise SpaceError(
            f"Key {key!r} is read as {modality!r} but has shape {shape}, not (H, W) or (H, W, C)."
        )
    if modality in ("image", "mask") and len(shape) == 3 and shape[2] > MAX_IMAGE_CHANNELS:
        raise SpaceError(
            f"Key {key!r} has shape {shape}: {shape[2]} channels. Images are (H, W, C); transpose "
            "channels-first images with gymnasium.wrappers.TransformObservation."
        )
    if modality == "tokens" and len(shape) != 1:
        raise SpaceError(f"Key {key!r} is read as tokens but has shape {shape}; (length,) needed.")


def _classes(space: gym.Space[Any], modality: Modality) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if modality == "tokens" and isinstance(space, spaces.Box):
        return (int(space.high.max()) + 1,), (0,)
    if isinstance(space, spaces.Discrete):
        return (int(space.n),), (int(space.start),)
    if isinstance(space, spaces.MultiDiscrete):
        count = space.nvec.max() if modality == "tokens" else space.nvec
        classes = tuple(int(n) for n in np.ravel(count))
        return classes, tuple(int(s) for s in np.ravel(space.start))[: len(classes)]
    if modality in ("discrete", "tokens"):
        raise SpaceError(f"Modality {modality!r} needs bounded integers, not {space}.")
    return (), ()


@dataclass(frozen=True)
class ActionSpec:
    """The action space, and how actions look to the networks.

    Encoded actions are floats ``(..., size)``: concatenated one-hots for Discrete and
    MultiDiscrete, values scaled to [-1, 1] for a bounded Box (raw ones where it is unbounded).

    Attributes:
        kind: ``categorical`` (Discrete, MultiDiscrete) or ``continuous`` (Box).
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
            values = torch.as_tensor(array.reshape(*batch_shape, -1), dtype=torch.float32)
            return self._scale(values.to(device))
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
            values = torch.maximum(torch.minimum(values, high), low)
            return values.cpu().numpy().astype(self.dtype).reshape(*batch_shape, *self.shape)
        parts = encoded.split(self.classes, -1)
        index = torch.stack([part.argmax(-1) for part in parts], -1).cpu().numpy()
        return (
            (index + np.asarray(self.offset)).astype(self.dtype).reshape(*batch_shape, *self.shape)
        )

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
        SpaceError: The space is not Discrete, MultiDiscrete or a floating-point Box.
    """
    dtype = str(np.dtype(space.dtype)) if space.dtype is not None else ""
    if isinstance(space, spaces.Discrete):
        return ActionSpec("categorical", (), dtype, (int(space.n),), (int(space.start),))
    if isinstance(space, spaces.MultiDiscrete):
        classes = tuple(int(n) for n in space.nvec.ravel())
        offset = tuple(int(s) for s in np.ravel(space.start))
        return ActionSpec("categorical", space.shape, dtype, classes, offset)
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        low, high = (tuple(float(x) for x in bound.ravel()) for bound in (space.low, space.high))
        return ActionSpec("continuous", space.shape, dtype, low=low, high=high)
    raise SpaceError(f"Action space {space} is not Discrete, MultiDiscrete or a float Box.")


def action_mask_key(
    observations: Mapping[str, ObservationSpec], action: ActionSpec, config: AgentConfig
) -> str | None:
    """Name the observation key that says which actions are legal, if there is one.

    Raises:
        SpaceError: The key exists but does not have one flag per choice.
    """
    key = config.action_mask
    if key is None or key not in observations or action.kind != "categorical":
        return None
    spec = observations[key]
    if spec.flat_size != action.size:
        raise SpaceError(
            f"Observation key {key!r} is the action mask but has {spec.flat_size} flags for "
            f"{action.size} choices. Rename it, or set config.action_mask=None."
        )
    return key


def as_action_mask(
    observations: Mapping[str, ObservationSpec], key: str | None
) -> dict[str, ObservationSpec]:
    """Read the action-mask key as binary flags, whatever its space; other keys stay as they are."""
    specs = dict(observations)
    if key is not None:
        specs[key] = dataclasses.replace(
            specs[key],
            modality="binary",
            likelihood="bernoulli",
            classes=(),
            offset=(),
            decode=True,
        )
    return specs


def module_name(key: str) -> str:
    """Name the submodule of an observation key; any key works, also "type" or one with dots."""
    return "obs:" + key.replace(".", ":")


def describe(observations: Mapping[str, ObservationSpec], action: ActionSpec) -> dict[str, Any]:
    """Describe the spaces with builtins only, for JSON and for comparing checkpoints by key."""

    def builtin(spec: ObservationSpec | ActionSpec) -> dict[str, Any]:
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(spec).items()
            if name not in ("encode", "decode", "loss_scale")
        }

    return {
        "observation": {key: builtin(spec) for key, spec in observations.items()},
        "action": builtin(action),
    }
