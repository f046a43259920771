"""From Gymnasium's observation spaces to the modalities the networks are built from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dreamer_agent.config import AgentConfig, Likelihood, Modality, ModalityConfig
from dreamer_agent.errors import ConfigError, SpaceError
from dreamer_agent.spaces.actions import ActionSpec
from dreamer_agent.spaces.keys import as_dict_space, check_supported

MAX_IMAGE_CHANNELS = 16

MAX_CLASSES = 1024
"""Most values an integer may have that is read as one of so many classes."""

WHITE = 255.0
"""Highest value of a pixel, unless its space has another."""

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
        high: Highest value of an image's or mask's pixel; the networks see shares of it.
        encode: Whether the world model sees the key.
        decode: Whether the world model reconstructs it.
        loss_scale: Weight of its reconstruction loss.
        decode_share: Share of a batch's rows it is reconstructed for.
        block: Edge of the squares of equal pixels a mask is drawn in.
        value_count: How many integers an element can be, if the space is a bounded integer Box.
    """

    key: str
    modality: Modality
    likelihood: Likelihood
    shape: tuple[int, ...]
    dtype: str
    classes: tuple[int, ...] = ()
    offset: tuple[int, ...] = ()
    high: float = WHITE
    encode: bool = True
    decode: bool = True
    loss_scale: float = 1.0
    decode_share: float = 1.0
    block: int = 1
    value_count: int | None = None

    @property
    def image_size(self) -> tuple[int, int, int]:
        """Height, width and channels of an image or mask, in blocks."""
        height, width = (-(-size // self.block) for size in self.shape[:2])
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
        space: A Dict, Tuple (keyed ``"0"``, ``"1"`` …) or single space (``"observation"``).
        config: The agent's configuration; its ``modalities`` win over everything.
        modalities: The environment's own hints, ``env.metadata["modalities"]``.

    Returns:
        One spec per key, sorted by key; keys neither encoded nor decoded have none.

    Raises:
        SpaceError: A space the networks cannot take.
        ConfigError: The configuration names an unknown key or contradicts a space.
    """
    parts = as_dict_space(space).spaces
    dropped = config.dropped_keys
    if unknown := sorted(set(config.modalities) - set(parts) - set(dropped)):
        raise ConfigError(
            f"config.modalities names {unknown}, but the observation has {sorted(parts)}."
        )
    check_supported(as_dict_space(space), dropped)
    hints = modalities or {}
    specs = {
        key: _spec(key, parts[key], config, hints.get(key))
        for key in sorted(set(parts) - set(dropped))
    }  # sorted: parameter order must not depend on how a Dict was written
    if not any(spec.encode for spec in specs.values()):
        raise ConfigError("No observation key is encoded; set encode=True for at least one.")
    return specs


def _spec(
    key: str, space: gym.Space[Any], config: AgentConfig, hint: str | None
) -> ObservationSpec:
    settings = config.modalities.get(key, ModalityConfig())
    hint, block = _split_hint(key, hint)
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
        high=_highest_pixel(space) if modality in ("image", "mask") else WHITE,
        encode=settings.encode,
        decode=settings.decode,
        loss_scale=settings.loss_scale,
        decode_share=settings.decode_share,
        block=(settings.block or block) if modality == "mask" else 1,
        value_count=_value_count(space),
    )


def _split_hint(key: str, hint: str | None) -> tuple[str | None, int]:
    """Take ``mask/8`` apart: a mask drawn in squares of 8 pixels."""
    name, separator, block = (hint or "").partition("/")
    if not separator:
        return hint, 1
    if name != "mask" or not block.isdecimal() or int(block) < 1:
        raise ConfigError(f"Unknown modality {hint!r} for key {key!r}. Masks may be 'mask/8'.")
    return name, int(block)


def _infer_modality(key: str, space: gym.Space[Any]) -> Modality:
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        return "discrete"
    if isinstance(space, spaces.MultiBinary):
        return "binary"
    if isinstance(space, spaces.Box):
        is_picture = space.dtype == np.uint8 and len(space.shape) in (2, 3)
        return "image" if is_picture else "vector"
    raise SpaceError(f"Observation key {key!r} is of the space {space}, which is not supported.")


def _default_likelihood(modality: Modality, config: AgentConfig) -> Likelihood:
    if modality == "vector" and config.vector.scaling != "symlog":
        return "mse"
    if modality == "image":
        return config.image.likelihood
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
    count = _value_count(space)
    if modality == "discrete" and isinstance(space, spaces.Box) and count and count <= MAX_CLASSES:
        low, high = (np.ravel(bound).astype(np.int64) for bound in (space.low, space.high))
        return tuple((high - low + 1).tolist()), tuple(low.tolist())
    if modality in ("discrete", "tokens"):
        raise SpaceError(f"Modality {modality!r} needs bounded integers, not {space}.")
    return (), ()


def _value_count(space: gym.Space[Any]) -> int | None:
    if not (isinstance(space, spaces.Box) and space.dtype.kind in "iub"):
        return None
    return int(space.high.max()) - int(space.low.min()) + 1


def _highest_pixel(space: gym.Space[Any]) -> float:
    if isinstance(space, spaces.MultiBinary):
        return 1.0
    if isinstance(space, spaces.MultiDiscrete):
        return float((space.start + space.nvec - 1).max())
    high = float(np.max(space.high)) if isinstance(space, spaces.Box) else np.inf
    return high if 0 < high < np.inf else WHITE


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
    """Describe the spaces with builtins only, for JSON and for comparing checkpoints by key.

    What weights do not depend on is left out: how keys are used, and the unit of pixels.
    """

    def builtin(spec: ObservationSpec | ActionSpec, unused: tuple[str, ...]) -> dict[str, Any]:
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(spec).items()
            if name not in unused
        }

    unused = ("encode", "decode", "loss_scale", "decode_share", "high", "value_count")
    return {
        "observation": {key: builtin(spec, unused) for key, spec in observations.items()},
        "action": builtin(action, ()),
    }
