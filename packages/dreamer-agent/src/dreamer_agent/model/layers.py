"""Layers of DreamerV3: RMSNorm in float32, block-linear maps, MLPs, and their initialisation."""

from __future__ import annotations

import itertools
import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dreamer_agent.model.rms_norm import rms_norm

NORM_EPS = 1e-4  # danijar/dreamerv3 nets.py, Norm
TRUNC_NORMAL_CORRECTION = 1.1368  # 1 / std of a unit normal truncated to [-2, 2]


def trunc_normal_(weight: Tensor, fan_in: int, scale: float = 1.0) -> None:
    """Fill with a normal of std ``scale / sqrt(fan_in)``, truncated at two standard deviations."""
    std = TRUNC_NORMAL_CORRECTION / math.sqrt(fan_in)
    with torch.no_grad():
        nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
        weight.mul_(scale)


class RMSNorm(nn.Module):
    """Divide by the root mean square over the last axis, computed in float32.

    Args:
        size: Width of the last axis.
        eps: Added to the mean square.
    """

    def __init__(self, size: int, eps: float = NORM_EPS) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """Normalise, and return in the input's dtype."""
        return rms_norm(x.float(), self.scale, self.eps).to(x.dtype)


class NormSiLU(RMSNorm):
    """RMSNorm, then SiLU: what follows every hidden layer of DreamerV3."""

    def forward(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """Normalise and activate, and return in the input's dtype."""
        return rms_norm(x.float(), self.scale, self.eps, silu=True).to(x.dtype)


def linear(in_size: int, out_size: int, scale: float = 1.0, bias: bool = True) -> nn.Linear:
    """Build a linear map with truncated-normal weights (times ``scale``) and zero bias."""
    layer = nn.Linear(in_size, out_size, bias=bias)
    trunc_normal_(layer.weight, in_size, scale)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def conv(
    in_channels: int,
    out_channels: int,
    kernel: int,
    stride: int = 1,
    scale: float = 1.0,
) -> nn.Conv2d:
    """Build a convolution that keeps ``ceil(size / stride)``, initialised like :func:`linear`."""
    padding = (kernel - 1) // 2
    layer = nn.Conv2d(in_channels, out_channels, kernel, stride, padding)
    trunc_normal_(layer.weight, in_channels * kernel * kernel, scale)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class BlockLinear(nn.Module):
    """A linear map with a block-diagonal matrix.

    Args:
        in_size: Width of the input; a multiple of ``blocks``.
        out_size: Width of the output; a multiple of ``blocks``.
        blocks: Number of blocks.
    """

    def __init__(self, in_size: int, out_size: int, blocks: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.weight = nn.Parameter(torch.empty(blocks, in_size // blocks, out_size // blocks))
        self.bias = nn.Parameter(torch.zeros(out_size))
        # the official fan-in of a (g, i, o) kernel counts all blocks
        trunc_normal_(self.weight, in_size)

    def forward(self, x: Float[Tensor, "*batch in"]) -> Float[Tensor, "*batch out"]:
        """Apply each block to its own slice of the input."""
        batch_shape = x.shape[:-1]
        parts = x.reshape(-1, self.blocks, self.weight.shape[1]).transpose(0, 1)  # (g, N, i)
        out = torch.bmm(parts, self.weight).transpose(0, 1)  # (N, g, o)
        return out.reshape(*batch_shape, -1) + self.bias


class NormedLinear(nn.Module):
    """Linear, RMSNorm, SiLU: the hidden layer of every MLP of DreamerV3."""

    def __init__(self, in_size: int, out_size: int) -> None:
        super().__init__()
        self.linear = linear(in_size, out_size)
        self.norm = NormSiLU(out_size)

    def forward(self, x: Float[Tensor, "*batch in"]) -> Float[Tensor, "*batch out"]:
        """Apply the layer over the last axis."""
        return self.norm(self.linear(x))


def mlp(in_size: int, units: int, num_layers: int) -> nn.Sequential:
    """Stack ``num_layers`` of Linear, RMSNorm, SiLU."""
    sizes = [in_size] + [units] * num_layers
    return nn.Sequential(*[NormedLinear(a, b) for a, b in itertools.pairwise(sizes)])


class MLPHead(nn.Module):
    """MLP followed by a linear output whose initial weights are scaled.

    Args:
        in_size: Width of the feature.
        units: Width of the hidden layers.
        num_layers: Number of hidden layers.
        out_size: Width of the output.
        out_scale: Scale of the output layer's initial weights; 0 starts with zero outputs.
    """

    def __init__(
        self, in_size: int, units: int, num_layers: int, out_size: int, out_scale: float = 1.0
    ) -> None:
        super().__init__()
        self.hidden = mlp(in_size, units, num_layers)
        self.out = linear(units if num_layers else in_size, out_size, out_scale)

    def forward(self, feature: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch out"]:
        """Return the outputs in float32."""
        return self.out(self.hidden(feature)).float()
