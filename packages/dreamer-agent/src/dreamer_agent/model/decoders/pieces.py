"""Reconstruction losses piece by piece: gradients are taken while a piece is still in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn


@runtime_checkable
class RowLoss(Protocol):
    """A module with a loss for every row."""

    def loss(self, feature: Tensor, target: Tensor) -> Tensor:
        """Return the loss of every row, from features and targets."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return what learns."""
        ...


def loss_in_pieces(
    decoder: RowLoss,
    feature: Float[Tensor, "N feature"],
    target: Shaped[Tensor, "N *shape"],
    weight: Float[Tensor, " N"],
    rows: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, " N"]]:
    """Compute ``(decoder.loss(feature, target) * weight).sum()`` without keeping what it takes.

    A decoder's output is the largest array of the model, and nothing but its loss is wanted. So
    the rows are taken a few at a time, forwards and backwards; what is kept for the backward pass
    is the gradient itself.

    Args:
        decoder: What learns.
        feature: Features with their graph.
        target: Raw observations.
        weight: What each row's loss counts.
        rows: Rows of a piece.

    Returns:
        The weighted sum with its graph, and the loss of every row without one.
    """
    if not torch.is_grad_enabled():
        losses = torch.cat(
            [
                decoder.loss(*part)
                for part in zip(feature.split(rows), target.split(rows), strict=True)
            ]
        )
        return (losses * weight).sum(), losses
    params = [param for param in decoder.parameters() if param.requires_grad]
    total, losses = _Pieces.apply(decoder, target, weight, rows, feature, *params)
    return total, losses


class _Pieces(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        decoder: RowLoss,
        target: Tensor,
        weight: Tensor,
        rows: int,
        feature: Tensor,
        *params: Tensor,
    ) -> tuple[Tensor, Tensor]:
        grads = [torch.zeros_like(param) for param in params]
        feature_grads, losses = [], []
        pieces = (part.split(rows) for part in (feature.detach(), target, weight))
        for inputs, expected, counts in zip(*pieces, strict=True):
            inputs.requires_grad_()
            with torch.enable_grad():
                row_losses = decoder.loss(inputs, expected)
                total = (row_losses * counts).sum()
            own, *others = torch.autograd.grad(total, (inputs, *params))
            torch._foreach_add_(grads, others)
            feature_grads.append(own)
            losses.append(row_losses.detach())
        ctx.save_for_backward(torch.cat(feature_grads), *grads)
        all_losses = torch.cat(losses)
        ctx.mark_non_differentiable(all_losses)
        return (all_losses * weight).sum(), all_losses

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, None, None, *(grad * saved for saved in ctx.saved_tensors)
