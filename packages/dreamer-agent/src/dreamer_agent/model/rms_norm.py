"""RMSNorm, alone or with SiLU after it, in few passes over memory.

On CPUs these layers are bound by memory: torch's own operations take twice the time, and keep the
normalised values for the backward pass. Here only the input is kept, and both passes work through
the rows in pieces that stay in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

PIECE = 2**16
"""Elements of a piece: four arrays of 256 KiB fit into a core's second-level cache."""


def rms_norm(x: Tensor, scale: Tensor, eps: float, silu: bool = False) -> Tensor:
    """Divide float32 ``(..., size)`` by its root mean square, times ``scale``; SiLU if asked."""
    if x.device.type != "cpu":
        normed = F.rms_norm(x, scale.shape, scale, eps)
        return F.silu(normed) if silu else normed
    if torch.is_grad_enabled():
        return _RMSNorm.apply(x, scale, eps, silu)
    return _forward(x.reshape(-1, x.shape[-1]), scale, eps, silu)[0].view(x.shape)


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, eps: float, silu: bool) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        out, inverse = _forward(rows, scale, eps, silu)
        ctx.save_for_backward(rows, scale, inverse)
        ctx.silu = silu
        return out.view(x.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        rows, scale, inverse = ctx.saved_tensors
        num = _rows_a_piece(rows)
        pieces = zip(
            grad.reshape(rows.shape).split(num), rows.split(num), inverse.split(num), strict=True
        )
        parts = [_backward(*piece, scale, ctx.silu) for piece in pieces]
        if len(parts) == 1:
            return parts[0][0].view(grad.shape), parts[0][1], None, None
        grads, scale_grads = zip(*parts, strict=True)
        return torch.cat(grads).view(grad.shape), torch.stack(scale_grads).sum(0), None, None


def _forward(rows: Tensor, scale: Tensor, eps: float, silu: bool) -> tuple[Tensor, Tensor]:
    norm = torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
    inverse = norm.square_().div_(rows.shape[-1]).add_(eps).rsqrt_()
    out = torch.empty_like(rows)
    num = _rows_a_piece(rows)
    for x, factor, y in zip(rows.split(num), inverse.split(num), out.split(num), strict=True):
        torch.mul(x, factor, out=y).mul_(scale)
        if silu:
            F.silu(y, inplace=True)
    return out, inverse


def _backward(
    grad: Tensor, x: Tensor, inverse: Tensor, scale: Tensor, silu: bool
) -> tuple[Tensor, Tensor]:
    """Return the gradients of a piece's input and of the scale."""
    normed = x * inverse
    if silu:
        grad = torch.ops.aten.silu_backward(grad, normed * scale)
    product = grad * normed
    along = (product @ scale).unsqueeze(-1).mul_(inverse).div_(-x.shape[-1])
    return (grad * scale).mul_(inverse).addcmul_(normed, along), product.sum(0)


def _rows_a_piece(rows: Tensor) -> int:
    return max(1, PIECE // rows.shape[-1])
