"""How every observation key is read, as a table; and which readings may not be meant."""

from __future__ import annotations

from collections.abc import Mapping

from dreamer_agent.config import AgentConfig, ModalityConfig
from dreamer_agent.spaces.observation import ObservationSpec

__all__ = ["COLUMNS", "doubts", "overview"]

COLUMNS = ("key", "space", "modality", "encoder", "likelihood", "loss scale")

_CHANNELS = (1, 3, 4)
_SMALLEST_PICTURE = 8
_LARGEST_GRID = 16
_MOST_NAMES = 64
_WRAPPER = "with a wrapper (--wrappers module:function)"


def overview(specs: Mapping[str, ObservationSpec], config: AgentConfig) -> list[tuple[str, ...]]:
    """Return one row of ``COLUMNS`` per key; keys that are left out come last."""
    rows: list[tuple[str, ...]] = [
        (
            key,
            f"{spec.dtype} {spec.shape}",
            f"{spec.modality}/{spec.block}" if spec.block > 1 else spec.modality,
            _encoder(spec, config) if spec.encode else "none",
            spec.likelihood if spec.decode else "none",
            f"{spec.loss_scale:g}" if spec.decode else "",
        )
        for key, spec in specs.items()
    ]
    return rows + [(key, "", "left out", "none", "none", "") for key in config.dropped_keys]


def _encoder(spec: ObservationSpec, config: AgentConfig) -> str:
    if spec.modality in ("image", "mask"):
        return f"CNN ({config.image.stem})"
    if spec.modality == "tokens":
        return "transformer"
    if spec.modality == "vector" and config.vector.scaling != "none":
        return f"MLP ({config.vector.scaling})"
    return f"MLP (one-hot of {sum(spec.classes)})" if spec.modality == "discrete" else "MLP"


def doubts(
    specs: Mapping[str, ObservationSpec], config: AgentConfig, hints: Mapping[str, str]
) -> list[str]:
    """Return a warning for every key that was guessed from its space and may be something else.

    Args:
        specs: How the keys are read.
        config: The agent's configuration; keys whose modality it names are not guesses.
        hints: ``env.metadata["modalities"]``; nor are those it names.
    """
    guessed = (
        spec
        for key, spec in specs.items()
        if spec.encode
        and key not in hints
        and config.modalities.get(key, ModalityConfig()).modality is None
    )
    return [doubt for spec in guessed if (doubt := _doubt(spec))]


def _doubt(spec: ObservationSpec) -> str | None:
    shape = spec.shape
    if spec.modality == "image" and len(shape) == 3 and shape[0] in _CHANNELS and shape[2] > 4:
        height, width, channels = shape
        return (
            f"Key {spec.key!r} of shape {shape} is taken for a picture {height} pixels high with "
            f"{channels} channels. If it is {height} channels of {width}x{channels} pixels, bring "
            f"it into the shape ({width}, {channels}, {height}) {_WRAPPER}."
        )
    if spec.modality == "image" and max(shape[:2]) < _LARGEST_GRID:
        return (
            f"Key {spec.key!r} of shape {shape} is taken for a picture. If its numbers are names "
            f"of things (a symbolic grid), {_setting(spec, 'discrete')}: as brightness they lie "
            "so close together that the model may learn nothing from them."
        )
    if spec.modality != "vector":
        return None
    if len(shape) >= 4 and shape[-1] in _CHANNELS and min(shape[-3:-1]) >= _SMALLEST_PICTURE:
        height, width = shape[-3:-1]
        channels = spec.flat_size // (height * width)
        return (
            f"Key {spec.key!r} of shape {shape} is taken for a vector of {spec.flat_size:,} "
            f"numbers. If it is a stack of pictures, bring it into the shape ({height}, {width}, "
            f"{channels}) {_WRAPPER}; the model remembers, so the newest picture alone will do."
        )
    if _may_be_picture(shape):
        return (
            f"Key {spec.key!r} of shape {shape} is taken for a vector of {spec.flat_size:,} "
            f"numbers. If it is a picture (H, W, C), {_setting(spec, 'image')}; pictures of "
            f"another order of axes are transposed {_WRAPPER}."
        )
    if spec.value_count is not None and spec.value_count <= _MOST_NAMES:
        return (
            f"Key {spec.key!r} holds integers that are taken for amounts. If they are names of "
            f"things, {_setting(spec, 'discrete')}."
        )
    return None


def _may_be_picture(shape: tuple[int, ...]) -> bool:
    if len(shape) == 2:
        return min(shape) >= 2 * _SMALLEST_PICTURE
    if len(shape) != 3:
        return False
    sides = sorted(shape)[1:]
    ends = shape[0] in _CHANNELS or shape[2] in _CHANNELS
    return ends and min(sides) >= _SMALLEST_PICTURE


def _setting(spec: ObservationSpec, modality: str) -> str:
    return (
        f"say so in the YAML of --config: agent: {{modalities: {{{spec.key}: "
        f"{{modality: {modality}}}}}}}"
    )
