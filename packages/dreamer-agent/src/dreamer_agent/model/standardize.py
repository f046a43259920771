"""Running standardisation of float vectors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

_SLOWEST_RATE = 1e-3
_LIMIT = 10.0


class Standardizer(nn.Module):
    """Bring every number to mean 0 and standard deviation 1, as seen in training so far.

    The statistics are buffers: part of the weights, the same after a resume. They are the plain
    average over the first 1,000 batches, an exponential one from then on.

    Args:
        size: How many numbers a vector has.
    """

    mean: Tensor
    variance: Tensor
    num_batches: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))
        self.register_buffer("num_batches", torch.zeros(()))

    @property
    def std(self) -> Float[Tensor, " size"]:
        """Standard deviation; tiny but not 0 for what never changes."""
        return self.variance.clamp_min(1e-8).sqrt()

    def forward(self, x: Float[Tensor, "N size"]) -> Float[Tensor, "N size"]:
        """Standardise, and clip to ten standard deviations."""
        return ((x - self.mean) / self.std).clamp(-_LIMIT, _LIMIT)

    def inverse(self, x: Float[Tensor, "N size"]) -> Float[Tensor, "N size"]:
        """Return standardised numbers to their own units."""
        return x * self.std + self.mean

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "N size"], weight: Float[Tensor, " N"]) -> None:
        """Take in a batch; rows without weight (padding) and rows that are not finite do not count.

        Args:
            x: Vectors in their own units.
            weight: Above 0 for rows that count.
        """
        x = x[(weight > 0) & x.isfinite().all(-1)]
        if not len(x):
            return
        self.num_batches += 1
        rate = (1 / self.num_batches).clamp_min(_SLOWEST_RATE)
        variance, mean = torch.var_mean(x, 0, correction=0)
        # Welford's way: squares of numbers far from zero would have no digits left for the spread
        between = rate * (1 - rate) * (mean - self.mean).square()
        self.variance.lerp_(variance, rate).add_(between)
        self.mean.lerp_(mean, rate)


def learn_scales(
    modules: Mapping[str, nn.Module],
    obs: Mapping[str, Shaped[Tensor, "N *shape"]],
    weight: Float[Tensor, " N"],
) -> None:
    """Have those encoders or decoders that standardise their key take in a batch of it."""
    for key, module in modules.items():
        standardizer = getattr(module, "standardizer", None)
        if standardizer is not None:
            standardizer.learn(obs[key].reshape(len(weight), -1).float(), weight)
