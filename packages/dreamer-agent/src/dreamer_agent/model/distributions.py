"""Distributions: symlog, two-hot, categoricals with unimix, KL, and the bounded normal."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

TWOHOT_RANGE = 20.0  # the bins span symexp(±20) in both variants
SMALLEST_SHARE = 2.0**-25  # half the smallest step of torch.rand
MIN_PROBABILITY = 1e-30
FEW_CLASSES = 16


def symlog(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Compress magnitudes: sign(x) · ln(1 + |x|)."""
    return torch.sign(x) * torch.log1p(x.abs())


def symexp(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Invert :func:`symlog`: sign(x) · (exp(|x|) − 1)."""
    return torch.sign(x) * torch.expm1(x.abs())


class TwoHot(nn.Module):
    """A number as a categorical distribution over bins, trained with two-hot targets.

    Args:
        kind: ``symexp``: bins at symexp(linspace(-20, 20)), two-hot in raw units, the mean is the
            estimate (Nature 2025). ``symlog``: bins at linspace(-20, 20), two-hot of symlog(x), the
            estimate is symexp of the mean (2023 preprint).
        bins: Number of bins, odd, so that 0 is one.
    """

    bins: Tensor

    def __init__(self, kind: Literal["symexp", "symlog"] = "symexp", bins: int = 255) -> None:
        super().__init__()
        self.kind = kind
        half = torch.linspace(-TWOHOT_RANGE, 0, (bins - 1) // 2 + 1)
        if kind == "symexp":
            half = symexp(half)
        self.register_buffer("bins", torch.cat([half, -half[:-1].flip(0)]), persistent=False)

    def mean(self, log_probs: Float[Tensor, "*batch bins"]) -> Float[Tensor, "*batch"]:
        """Return the estimate in raw units.

        Bins of opposite sign are taken in pairs, so that a symmetric distribution gives exactly 0
        although the outermost bins are ±4.8e8.

        Args:
            log_probs: Normalised log-probabilities.
        """
        probs = log_probs.exp()
        middle = (probs.shape[-1] - 1) // 2
        surplus = probs[..., middle + 1 :] - probs[..., :middle].flip(-1)
        mean = (surplus * self.bins[middle + 1 :]).sum(-1)  # no matmul: autocast would round it
        return symexp(mean) if self.kind == "symlog" else mean

    def encode(self, value: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch bins"]:
        """Spread each value over the two bins around it; weights sum to 1."""
        x, below = self._locate(value)
        lower, upper = self.bins[below], self.bins[below + 1]
        weight = ((x - lower) / (upper - lower)).unsqueeze(-1)
        num = len(self.bins)
        return F.one_hot(below, num) * (1 - weight) + F.one_hot(below + 1, num) * weight

    def loss(
        self, log_probs: Float[Tensor, "*batch bins"], target: Float[Tensor, "*batch"]
    ) -> Float[Tensor, "*batch"]:
        """Return the cross-entropy with the two-hot target, in nats.

        Args:
            log_probs: Normalised log-probabilities.
            target: Values in raw units; they receive no gradient.
        """
        x, below = self._locate(target.detach())
        lower, upper = self.bins[below], self.bins[below + 1]
        weight = (x - lower) / (upper - lower)
        picked = log_probs.gather(-1, torch.stack([below, below + 1], -1))
        return -torch.lerp(picked[..., 0], picked[..., 1], weight)

    def _locate(self, value: Tensor) -> tuple[Tensor, Int[Tensor, "*batch"]]:
        x = symlog(value.float()) if self.kind == "symlog" else value.float()
        x = x.clamp(self.bins[0], self.bins[-1])
        below = torch.searchsorted(self.bins, x.contiguous(), right=True) - 1
        return x, below.clamp(0, len(self.bins) - 2)


def mixed_log_probs(
    logits: Float[Tensor, "*batch C"],
    unimix: float,
    allowed: Bool[Tensor, "*batch C"] | None = None,
) -> Float[Tensor, "*batch C"]:
    """Return log-probabilities in float32, mixed with a share ``unimix`` of the uniform.

    Args:
        logits: Unnormalised log-probabilities.
        unimix: Share of the uniform distribution, in [0, 1).
        allowed: Classes that may be drawn, at least one; the others get probability 0 (as a
            log-probability: ln 1e-30), and the uniform is one over the allowed classes.
    """
    logits = logits.float()
    if allowed is None:
        if not unimix:
            return logits.log_softmax(-1)
        probs = (1 - unimix) * logits.softmax(-1) + unimix / logits.shape[-1]
        return probs.log()
    probs = logits.masked_fill(~allowed, -torch.inf).softmax(-1)
    probs = (1 - unimix) * probs + unimix * allowed / allowed.sum(-1, keepdim=True)
    return probs.clamp_min(MIN_PROBABILITY).log()


def mixed_probs(logits: Float[Tensor, "*batch C"], unimix: float) -> Float[Tensor, "*batch C"]:
    """Return probabilities, mixed with a share ``unimix`` of the uniform."""
    return (1 - unimix) * _softmax(logits) + unimix / logits.shape[-1]


def _softmax(logits: Tensor) -> Tensor:
    if logits.requires_grad or logits.shape[-1] >= FEW_CLASSES:
        return logits.softmax(-1)
    # torch works through short rows one by one; written out this takes a third of the time
    exp = (logits - logits.amax(-1, keepdim=True)).exp_()
    return exp.div_(exp.sum(-1, keepdim=True))


def sample_onehot(
    probs: Float[Tensor, "*batch C"], uniform: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch C"]:
    """Sample one-hot vectors by inverting the cumulative distribution.

    Args:
        probs: Probabilities, or positive weights.
        uniform: One number in [0, 1) per distribution.
    """
    cdf = probs.cumsum(-1)
    # times the total: rounding in the sum must not select a class of probability 0 at the end
    # and a uniform of exactly 0 must not select a forbidden class at the start
    share = uniform.clamp_min(SMALLEST_SHARE).unsqueeze(-1)
    index = (share * cdf[..., -1:] >= cdf).sum(-1)
    return F.one_hot(index, probs.shape[-1]).to(probs.dtype)


def mode_onehot(logits: Float[Tensor, "*batch C"]) -> Float[Tensor, "*batch C"]:
    """Return the most probable class as a one-hot vector."""
    return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()


def straight_through(
    onehot: Float[Tensor, "*batch C"], probs: Float[Tensor, "*batch C"]
) -> Float[Tensor, "*batch C"]:
    """Return the sample's value with the probabilities' gradient."""
    return onehot + (probs - probs.detach())


def categorical_kl(
    log_q: Float[Tensor, "*batch S C"], log_p: Float[Tensor, "*batch S C"]
) -> Float[Tensor, "*batch"]:
    """Return KL(q‖p) in nats, summed over the S latents."""
    return (log_q.exp() * (log_q - log_p)).sum((-2, -1))


def categorical_entropy(log_probs: Float[Tensor, "*batch C"]) -> Float[Tensor, "*batch"]:
    """Return the entropy in nats."""
    return -(log_probs.exp() * log_probs).sum(-1)


def bernoulli_loss(
    logit: Float[Tensor, "*batch"], target: Shaped[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """Return the cross-entropy of a probability target in [0, 1], in nats."""
    return F.binary_cross_entropy_with_logits(logit.float(), target.float(), reduction="none")


def bounded_normal(
    raw: Float[Tensor, "*batch twice"], min_std: float, max_std: float
) -> tuple[Float[Tensor, "*batch A"], Float[Tensor, "*batch A"]]:
    """Split a head's output into the mean (tanh) and std (between the bounds) of a normal."""
    mean, std = raw.float().chunk(2, -1)
    return mean.tanh(), (max_std - min_std) * torch.sigmoid(std + 2.0) + min_std


def normal_log_prob(
    value: Float[Tensor, "*batch A"],
    mean: Float[Tensor, "*batch A"],
    std: Float[Tensor, "*batch A"],
) -> Float[Tensor, "*batch"]:
    """Return the log-density, summed over the action's dimensions."""
    z = (value - mean) / std
    return (-0.5 * z.square() - std.log() - 0.5 * math.log(2 * math.pi)).sum(-1)


def normal_entropy(std: Float[Tensor, "*batch A"]) -> Float[Tensor, "*batch"]:
    """Return the entropy in nats, summed over the action's dimensions."""
    return (std.log() + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
