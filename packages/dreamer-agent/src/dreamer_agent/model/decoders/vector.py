"""Vector decoders: squared error for floats, cross-entropy for classes and flags."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import VectorConfig
from dreamer_agent.model.distributions import bernoulli_loss, symexp, symlog
from dreamer_agent.model.encoders.vector import class_indices
from dreamer_agent.model.layers import MLPHead
from dreamer_agent.model.standardize import Standardizer
from dreamer_agent.spaces.observation import ObservationSpec


class VectorDecoder(nn.Module):
    """Predict float vectors, classes or flags.

    Args:
        spec: The observation key; its likelihood decides the loss.
        config: Layers, units, and how floats are scaled.
        feature_size: Width of a feature.
    """

    def __init__(self, spec: ObservationSpec, config: VectorConfig, feature_size: int) -> None:
        super().__init__()
        self.spec = spec
        self.dtype = getattr(torch, spec.dtype)
        is_standard = spec.modality == "vector" and config.scaling == "standard"
        self.standardizer = Standardizer(spec.flat_size) if is_standard else None
        out_size = sum(spec.classes) if spec.likelihood == "categorical" else spec.flat_size
        self.head = MLPHead(feature_size, config.units, config.layers, out_size)

    def forward(self, feature: Float[Tensor, "N feature"]) -> Float[Tensor, "N out"]:
        """Return means, or logits for classes and flags."""
        return self.head(feature)

    def loss(
        self, feature: Float[Tensor, "N feature"], target: Shaped[Tensor, "N *shape"]
    ) -> Float[Tensor, " N"]:
        """Return the loss of the spec's likelihood, summed over elements."""
        output = self(feature)
        if self.spec.likelihood == "categorical":
            return self._class_loss(output, class_indices(target, self.spec))
        target = target.reshape(len(target), -1).float()
        if self.spec.likelihood == "bernoulli":
            return bernoulli_loss(output, target).sum(-1)
        if self.standardizer is not None:
            target = self.standardizer(target)
        if self.spec.likelihood == "symlog_mse":
            target = symlog(target)
        return (output - target).square().sum(-1)

    def predict(self, feature: Float[Tensor, "N feature"]) -> Shaped[Tensor, "N *shape"]:
        """Return the most likely observation in the space's own units and dtype."""
        output = self(feature)
        if self.spec.likelihood == "categorical":
            parts = output.split(self.spec.classes, -1)
            values = torch.stack([part.argmax(-1) for part in parts], -1)
            values = values + torch.as_tensor(self.spec.offset, device=values.device)
        elif self.spec.likelihood == "bernoulli":
            values = output > 0
        else:
            values = symexp(output) if self.spec.likelihood == "symlog_mse" else output
            if self.standardizer is not None:
                values = self.standardizer.inverse(values)
            values = values if self.dtype.is_floating_point else values.round()
        return values.to(self.dtype).reshape(-1, *self.spec.shape)

    def _class_loss(self, output: Tensor, index: Tensor) -> Tensor:
        parts = output.split(self.spec.classes, -1)
        losses = [
            F.cross_entropy(part, index[:, i], reduction="none") for i, part in enumerate(parts)
        ]
        return torch.stack(losses, -1).sum(-1)
