"""Vector encoders: floats squashed or standardised, classes as one-hots, flags as they are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import VectorConfig
from dreamer_agent.model.distributions import symlog
from dreamer_agent.model.layers import mlp
from dreamer_agent.model.standardize import Standardizer
from dreamer_agent.spaces.observation import ObservationSpec


class VectorEncoder(nn.Module):
    """Encode float vectors, classes or flags with an MLP.

    Args:
        spec: The observation key.
        config: Layers, units, and how floats are scaled.
    """

    def __init__(self, spec: ObservationSpec, config: VectorConfig) -> None:
        super().__init__()
        self.spec = spec
        self.is_squashed = spec.modality == "vector" and config.scaling == "symlog"
        is_standard = spec.modality == "vector" and config.scaling == "standard"
        self.standardizer = Standardizer(spec.flat_size) if is_standard else None
        in_size = sum(spec.classes) if spec.modality == "discrete" else spec.flat_size
        self.mlp = mlp(in_size, config.units, config.layers)
        self.out_size = config.units

    def forward(self, values: Shaped[Tensor, "N *shape"]) -> Float[Tensor, "N out"]:
        """Encode raw observations."""
        if self.spec.modality == "discrete":
            return self.mlp(one_hots(values, self.spec))
        x = values.reshape(len(values), -1).float()
        if self.standardizer is not None:
            x = self.standardizer(x)
        return self.mlp(symlog(x) if self.is_squashed else x)


def class_indices(values: Shaped[Tensor, "N *shape"], spec: ObservationSpec) -> Tensor:
    """Return class indices from 0, one column per component, ``(N, components)``."""
    index = values.reshape(len(values), -1).long()
    return index - torch.as_tensor(spec.offset, device=index.device)


def one_hots(values: Shaped[Tensor, "N *shape"], spec: ObservationSpec) -> Float[Tensor, "N size"]:
    """Concatenate the one-hot vectors of all components."""
    index = class_indices(values, spec)
    parts = [F.one_hot(index[:, i], n) for i, n in enumerate(spec.classes)]
    return torch.cat(parts, -1).float()
