"""Token encoder: a small transformer, mean-pooled over the tokens that are not padding."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn

from dreamer_agent.config import TextConfig
from dreamer_agent.model.layers import NormedLinear, RMSNorm, linear
from dreamer_agent.spaces.observation import ObservationSpec

FEEDFORWARD_FACTOR = 4
POSITION_BASE = 10_000.0  # Vaswani et al. 2017


class TextEncoder(nn.Module):
    """Encode sequences of token ids as one vector each.

    A batch of game steps repeats few texts, so each different text is encoded once, and columns
    that are padding everywhere are left out; neither changes the result.

    Args:
        spec: The observation key, ``(length,)`` with ``classes`` = (vocabulary size,).
        config: Widths, heads and layers.
    """

    positions: Tensor

    def __init__(self, spec: ObservationSpec, config: TextConfig) -> None:
        super().__init__()
        self.pad = config.pad
        self.embed = nn.Embedding(spec.classes[0], config.embed)
        nn.init.normal_(self.embed.weight, std=1.0)
        positions = sinusoidal_positions(spec.shape[0], config.embed)
        self.register_buffer("positions", positions, persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(config.embed, config.heads, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = RMSNorm(config.embed)
        self.out = NormedLinear(config.embed, config.out)
        self.out_size = config.out

    def forward(self, tokens: Integer[Tensor, "N length"]) -> Float[Tensor, "N out"]:
        """Encode raw token ids; a text of padding only gives the encoding of "nothing"."""
        texts, index = tokens.unique(dim=0, return_inverse=True)
        present = texts != self.pad
        length = max(int(present.any(0).nonzero().max()) + 1 if present.any() else 1, 1)
        return self._encode(texts[:, :length].long(), present[:, :length])[index]

    def _encode(
        self, texts: Integer[Tensor, "M length"], present: Bool[Tensor, "M length"]
    ) -> Float[Tensor, "M out"]:
        x = self.dropout(self.embed(texts) + self.positions[: texts.shape[1]])
        visible = present.clone()
        visible[:, 0] = True  # an empty text must attend to something; its mean is 0 all the same
        for block in self.blocks:
            x = block(x, visible)
        return self.out(masked_mean(self.norm(x), present))


class TransformerBlock(nn.Module):
    """Pre-norm self-attention and feed-forward layer.

    Args:
        width: Embedding width.
        heads: Attention heads; must divide ``width``.
        dropout: Probability of dropping, after attention and feed-forward.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = RMSNorm(width)
        self.qkv = linear(width, 3 * width)
        self.project = linear(width, width)
        self.norm2 = RMSNorm(width)
        self.up = linear(width, FEEDFORWARD_FACTOR * width)
        self.down = linear(FEEDFORWARD_FACTOR * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "N length width"], visible: Bool[Tensor, "N length"]
    ) -> Float[Tensor, "N length width"]:
        """Mix information between the visible tokens."""
        x = x + self.dropout(self._attend(self.norm1(x), visible))
        return x + self.dropout(self.down(F.silu(self.up(self.norm2(x)))))

    def _attend(self, x: Tensor, visible: Tensor) -> Tensor:
        num, length, width = x.shape
        heads = self.qkv(x).view(num, length, 3, self.heads, width // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # (N, heads, length, width / heads)
        mask = visible[:, None, None, :]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.project(mixed.transpose(1, 2).reshape(num, length, width))


def masked_mean(
    x: Float[Tensor, "N length width"], present: Bool[Tensor, "N length"]
) -> Float[Tensor, "N width"]:
    """Average over the tokens that are present; 0 where none is."""
    weight = present.unsqueeze(-1).to(x.dtype)
    return (x * weight).sum(1) / weight.sum(1).clamp_min(1)


def sinusoidal_positions(length: int, width: int) -> Float[Tensor, "length width"]:
    """Build the sine/cosine position table of Vaswani et al. (2017)."""
    position = torch.arange(length).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(POSITION_BASE) / width))
    table = torch.zeros(length, width)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)[:, : width // 2]
    return table
