"""Encoders: one per observation key, joined into one embedding."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import AgentConfig
from dreamer_agent.model.encoders.image import ImageEncoder
from dreamer_agent.model.encoders.text import TextEncoder
from dreamer_agent.model.encoders.vector import VectorEncoder
from dreamer_agent.model.standardize import learn_scales
from dreamer_agent.spaces.observation import ObservationSpec, module_name

__all__ = ["ImageEncoder", "ObservationEncoder", "TextEncoder", "VectorEncoder"]


class ObservationEncoder(nn.Module):
    """Encode every key that is to be encoded, and concatenate.

    Args:
        specs: The observation keys.
        config: The agent's configuration.
    """

    def __init__(self, specs: Mapping[str, ObservationSpec], config: AgentConfig) -> None:
        super().__init__()
        self.keys = [key for key, spec in specs.items() if spec.encode]
        encoders = {key: _build(specs[key], config) for key in self.keys}
        self.out_size = sum(encoder.out_size for encoder in encoders.values())
        self.encoders = nn.ModuleDict({module_name(key): encoders[key] for key in self.keys})

    def forward(self, obs: Mapping[str, Shaped[Tensor, "N *shape"]]) -> Float[Tensor, "N embed"]:
        """Embed raw observations; one batch axis before each key's own shape."""
        parts = [self.encoders[module_name(key)](obs[key]) for key in self.keys]
        return torch.cat([part.float() for part in parts], -1)

    def learn_scales(
        self, obs: Mapping[str, Shaped[Tensor, "N *shape"]], weight: Float[Tensor, " N"]
    ) -> None:
        """Take a batch into the statistics of the keys that are standardised, if any."""
        modules = {key: self.encoders[module_name(key)] for key in self.keys}
        learn_scales(modules, obs, weight)


def _build(
    spec: ObservationSpec, config: AgentConfig
) -> ImageEncoder | TextEncoder | VectorEncoder:
    if spec.modality in ("image", "mask"):
        return ImageEncoder(spec, config.image)
    if spec.modality == "tokens":
        return TextEncoder(spec, config.text)
    return VectorEncoder(spec, config.vector)
