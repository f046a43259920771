"""Token decoder: every position has its own slice of a projected feature, and all share a head."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn

from dreamer_agent.config import TextConfig
from dreamer_agent.model.layers import NormedLinear, linear
from dreamer_agent.spaces.observation import ObservationSpec


class TextDecoder(nn.Module):
    """Predict token sequences, position by position, up to and including the first padding.

    Logits are only computed where they count: the text and the padding that ends it. A full
    (batch, length, vocabulary) array would be the largest of the whole model.

    Args:
        spec: The observation key, ``(length,)`` with ``classes`` = (vocabulary size,).
        config: Rank per position and the padding id.
        feature_size: Width of a feature.
        units: Width of the hidden layers.
    """

    def __init__(
        self, spec: ObservationSpec, config: TextConfig, feature_size: int, units: int
    ) -> None:
        super().__init__()
        self.length = spec.shape[0]
        self.dtype = getattr(torch, spec.dtype)
        self.rank, self.pad = config.decoder_rank, config.pad
        self.project = nn.Sequential(
            NormedLinear(feature_size, units), linear(units, self.length * self.rank)
        )
        self.head = nn.Sequential(NormedLinear(self.rank, units), linear(units, spec.classes[0]))

    def loss(
        self, feature: Float[Tensor, "N feature"], target: Integer[Tensor, "N length"]
    ) -> Float[Tensor, " N"]:
        """Return the cross-entropy in nats, summed over the text and its end."""
        counts = counted_positions(target, self.pad)
        queries = self._queries(feature)[counts]  # (M, rank)
        logits = self.head(queries).float()
        losses = F.cross_entropy(logits, target[counts].long(), reduction="none")
        rows = counts.nonzero()[:, 0]
        return losses.new_zeros(len(target)).index_add(0, rows, losses)

    def predict(self, feature: Float[Tensor, "N feature"]) -> Integer[Tensor, "N length"]:
        """Return the most likely ids; everything after the first padding is padding."""
        tokens = self.head(self._queries(feature)).argmax(-1)
        ended = (tokens == self.pad).cummax(1).values
        return tokens.masked_fill(ended, self.pad).to(self.dtype)

    def _queries(self, feature: Tensor) -> Float[Tensor, "N length rank"]:
        return self.project(feature).view(-1, self.length, self.rank)


def counted_positions(tokens: Integer[Tensor, "N length"], pad: int) -> Bool[Tensor, "N length"]:
    """Mark the positions up to and including the first padding after the last real token."""
    present = (tokens != pad).flip(1).cummax(1).values.flip(1)
    before_or_at_end = torch.ones_like(present)
    before_or_at_end[:, 1:] = present[:, :-1]
    return before_or_at_end
