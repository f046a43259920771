"""Image and mask encoders: three CNNs that take any height and width."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import ImageConfig
from dreamer_agent.model.layers import NormSiLU, conv
from dreamer_agent.model.stems import plan_stem
from dreamer_agent.spaces.observation import ObservationSpec

KERNELS = {"nature": 5, "cnn2023": 4, "tile": 3}


class ChannelNorm(nn.Module):
    """RMSNorm over the channels of (N, C, H, W), then SiLU; free of copies for channels-last."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = NormSiLU(channels)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Normalise every pixel's channels."""
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ImageEncoder(nn.Module):
    """Encode images or masks of any size.

    Args:
        spec: The observation key, ``(H, W)`` or ``(H, W, C)``.
        config: Which CNN, and how wide.
    """

    def __init__(self, spec: ObservationSpec, config: ImageConfig) -> None:
        super().__init__()
        height, width, channels = spec.image_size
        self.is_mask = spec.modality == "mask"
        self.channels = channels
        self.high = spec.high
        self.block = spec.block
        self.stem = config.stem
        self.tile = config.tile
        plan = plan_stem(height, width, config)
        inputs = (channels * config.tile**2 if config.stem == "tile" else channels,)
        sizes = inputs + plan.channels
        pairs = list(itertools.pairwise(sizes))
        kernel = KERNELS[config.stem]
        strides = [
            1 if self.stem == "nature" or self._is_tiled(i) else 2 for i in range(len(pairs))
        ]
        self.convs = nn.ModuleList(
            conv(a, b, kernel, stride) for (a, b), stride in zip(pairs, strides, strict=True)
        )
        self.norms = nn.ModuleList(ChannelNorm(b) for _, b in pairs)
        self.out_size = plan.flat_size

    def _is_tiled(self, stage: int) -> bool:
        return self.stem == "tile" and stage == 0

    def forward(self, image: Shaped[Tensor, "N *shape"]) -> Float[Tensor, "N out"]:
        """Encode raw observations; scaling is done here."""
        image = image[:, :: self.block, :: self.block]
        x = (image > 0).float() if self.is_mask else image.float() / self.high
        x = (x - 0.5).reshape(*image.shape[:3], self.channels)  # (N, H, W, C)
        if self.stem == "tile":
            x = _space_to_depth(x, self.tile)
        x = x.permute(0, 3, 1, 2)  # channels-last memory
        for stage, (layer, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            if self.stem == "nature":
                x = F.max_pool2d(layer(x), 2, ceil_mode=True)
            elif self._is_tiled(stage) or self.stem == "tile":
                x = layer(x)
            else:
                x = layer(_pad_to_multiple(x, 2))
            x = norm(x)
        return x.permute(0, 2, 3, 1).flatten(1)


def _space_to_depth(x: Float[Tensor, "N H W C"], tile: int) -> Float[Tensor, "N h w CC"]:
    num, height, width, channels = x.shape
    x = F.pad(x, (0, 0, 0, -width % tile, 0, -height % tile))
    rows, columns = x.shape[1] // tile, x.shape[2] // tile
    x = x.view(num, rows, tile, columns, tile, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(num, rows, columns, tile * tile * channels)


def _pad_to_multiple(x: Float[Tensor, "N C H W"], multiple: int) -> Float[Tensor, "N C h w"]:
    height, width = x.shape[2:]
    if height % multiple or width % multiple:
        x = F.pad(x, (0, -width % multiple, 0, -height % multiple))
        x = x.contiguous(memory_format=torch.channels_last)
    return x
