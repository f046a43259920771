"""Image and mask decoders: from a feature back to pixels, mirroring the encoder's stem."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import ImageConfig
from dreamer_agent.model.distributions import bernoulli_loss
from dreamer_agent.model.encoders.image import KERNELS, ChannelNorm
from dreamer_agent.model.layers import (
    BlockLinear,
    NormedLinear,
    NormSiLU,
    conv,
    linear,
    trunc_normal_,
)
from dreamer_agent.model.stems import Stem, plan_stem
from dreamer_agent.spaces.observation import ObservationSpec


class ImageDecoder(nn.Module):
    """Predict images or masks of any size.

    The likelihood decides what is learned: ``mse`` a sigmoid against x/high (of the space, mostly
    255) with the squared error summed over pixels, ``bernoulli`` the probability that a mask's
    pixel is set, ``categorical`` one of ``levels`` grey levels in [0, high] per pixel.

    Args:
        spec: The observation key.
        config: Which CNN, and how wide.
        deter: Width of the deterministic part, which comes first in a feature.
        stoch: Width of the flattened stochastic part.
        units: Half the width of the layer that reads the stochastic part.
    """

    def __init__(
        self, spec: ObservationSpec, config: ImageConfig, deter: int, stoch: int, units: int
    ) -> None:
        super().__init__()
        self.spec = spec
        self.dtype = getattr(torch, spec.dtype)
        height, width, channels = spec.image_size
        self.size = (height, width, channels)
        self.levels = spec.classes[0] if spec.likelihood == "categorical" else 1
        plan = plan_stem(height, width, config)
        self.grid = _SpatialGrid(plan, config, deter, stoch, units)
        upsampler = _UPSAMPLERS[config.stem]
        sizes = ((height, width), *plan.grids)
        targets = (channels * self.levels, *plan.channels)
        layers: list[nn.Module] = []
        for stage in range(len(plan.grids) - 1, -1, -1):
            factor = config.tile if config.stem == "tile" and stage == 0 else 2
            layers.append(upsampler(plan.channels[stage], targets[stage], sizes[stage], factor))
            if stage > 0:
                layers.append(ChannelNorm(targets[stage]))
        self.layers = nn.Sequential(*layers)

    def forward(self, feature: Float[Tensor, "N feature"]) -> Float[Tensor, "N H W C levels"]:
        """Return raw outputs: before the sigmoid, or logits over grey levels (levels last)."""
        height, width, channels = self.size
        planes = self.layers(self.grid(feature)).reshape(-1, channels, self.levels, height, width)
        return planes.permute(0, 3, 4, 1, 2).float()

    def loss(
        self, feature: Float[Tensor, "N feature"], target: Shaped[Tensor, "N *shape"]
    ) -> Float[Tensor, " N"]:
        """Return the negative log-likelihood or squared error, summed over pixels."""
        output = self(feature)
        block = self.spec.block
        target = target[:, ::block, ::block].reshape(-1, *self.size)
        if self.spec.likelihood == "categorical":
            return _level_loss(output, self._levels_of(target))
        if self.spec.likelihood == "bernoulli":
            return block**2 * bernoulli_loss(output.squeeze(-1), target > 0).sum((1, 2, 3))
        share = target.float() / self.spec.high
        return (output.squeeze(-1).sigmoid() - share).square().sum((1, 2, 3))

    def predict(self, feature: Float[Tensor, "N feature"]) -> Shaped[Tensor, "N *shape"]:
        """Return the most likely observation: pixels in [0, high], those of masks 0 or high."""
        output = self(feature)
        if self.spec.likelihood == "categorical":
            pixels = output.argmax(-1).float() / max(self.levels - 1, 1)
        elif self.spec.likelihood == "bernoulli":
            pixels = (output.squeeze(-1) > 0).float()
        else:
            pixels = output.squeeze(-1).sigmoid()
        pixels = self._unblock(pixels) * self.spec.high
        pixels = pixels if self.dtype.is_floating_point else pixels.round()
        return pixels.to(self.dtype).reshape(-1, *self.spec.shape)

    def _unblock(self, squares: Tensor) -> Tensor:
        block, (height, width) = self.spec.block, self.spec.shape[:2]
        if block == 1:
            return squares
        return squares.repeat_interleave(block, 1).repeat_interleave(block, 2)[:, :height, :width]

    def _levels_of(self, target: Tensor) -> Tensor:
        return (target.float() * ((self.levels - 1) / self.spec.high)).round().long()


def _level_loss(logits: Tensor, levels: Tensor) -> Tensor:
    loss = F.cross_entropy(logits.movedim(-1, 1), levels, reduction="none")
    return loss.flatten(1).sum(1)


class _SpatialGrid(nn.Module):
    """Lay a feature out on the coarsest grid: block-linear from deter plus an MLP from stoch."""

    def __init__(self, plan: Stem, config: ImageConfig, deter: int, stoch: int, units: int) -> None:
        super().__init__()
        self.split = (deter, stoch)
        self.grid = plan.grids[-1]
        self.channels = plan.channels[-1]
        self.blocks = _common_blocks(config.decoder_blocks, deter, self.channels)
        self.from_deter = BlockLinear(deter, plan.flat_size, self.blocks)
        self.from_stoch = nn.Sequential(
            NormedLinear(stoch, 2 * units), linear(2 * units, plan.flat_size)
        )
        self.norm = NormSiLU(self.channels)

    def forward(self, feature: Float[Tensor, "N feature"]) -> Float[Tensor, "N C h w"]:
        deter, stoch = feature.split(self.split, -1)
        height, width = self.grid
        blocks = self.from_deter(deter).view(
            -1, self.blocks, height, width, self.channels // self.blocks
        )
        x = blocks.permute(0, 2, 3, 1, 4).reshape(-1, height, width, self.channels)
        x = x + self.from_stoch(stoch).view(-1, height, width, self.channels)
        return self.norm(x).permute(0, 3, 1, 2)


def _common_blocks(wanted: int, *sizes: int) -> int:
    return next(n for n in range(wanted, 0, -1) if all(size % n == 0 for size in sizes))


class _RepeatConv(nn.Module):
    """Nearest-neighbour upsampling, crop, 5×5 convolution (stem ``nature``)."""

    def __init__(
        self, in_channels: int, out_channels: int, size: tuple[int, int], factor: int
    ) -> None:
        super().__init__()
        self.size, self.factor = size, factor
        self.conv = conv(in_channels, out_channels, KERNELS["nature"])

    def forward(self, x: Float[Tensor, "N C h w"]) -> Float[Tensor, "N C2 H W"]:
        x = F.interpolate(x, scale_factor=self.factor, mode="nearest")
        x = _crop(x, self.size).contiguous(memory_format=torch.channels_last)
        return self.conv(x)


class _ShuffleConv(nn.Module):
    """3×3 convolution on the coarse grid, then PixelShuffle and crop (stem ``tile``).

    The result is in planes, one a channel: three times as fast for a loss over grey levels.
    """

    def __init__(
        self, in_channels: int, out_channels: int, size: tuple[int, int], factor: int
    ) -> None:
        super().__init__()
        self.size, self.factor, self.out_channels = size, factor, out_channels
        self.conv = conv(in_channels, out_channels * factor**2, KERNELS["tile"])

    def forward(self, x: Float[Tensor, "N C h w"]) -> Float[Tensor, "N C2 H W"]:
        x = self.conv(x).permute(0, 2, 3, 1)  # (N, h, w, factor² C2)
        num, rows, columns, _ = x.shape
        x = x.reshape(num, rows, columns, self.factor, self.factor, self.out_channels)
        x = x.permute(0, 5, 1, 3, 2, 4)
        x = x.reshape(num, self.out_channels, rows * self.factor, columns * self.factor)
        return _crop(x, self.size)


class _TransposedConv(nn.Module):
    """4×4 transposed convolution with stride 2, then crop (stem ``cnn2023``)."""

    def __init__(
        self, in_channels: int, out_channels: int, size: tuple[int, int], factor: int
    ) -> None:
        super().__init__()
        self.size = size
        kernel = KERNELS["cnn2023"]
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, kernel, factor, padding=1)
        trunc_normal_(self.conv.weight, in_channels * kernel * kernel)
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Float[Tensor, "N C h w"]) -> Float[Tensor, "N C2 H W"]:
        return _crop(self.conv(x), self.size)


_UPSAMPLERS = {"nature": _RepeatConv, "tile": _ShuffleConv, "cnn2023": _TransposedConv}


def _crop(x: Tensor, size: tuple[int, int]) -> Tensor:
    return x[:, :, : size[0], : size[1]]
