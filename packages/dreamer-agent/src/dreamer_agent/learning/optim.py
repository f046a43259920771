"""Optimisers: LaProp behind adaptive gradient clipping, or Adam behind a global norm."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import Parameter

from dreamer_agent.config import OptimizerConfig

BLOCK_SIZE = 2**18
"""Elements that are stepped together: their state and gradient stay in a core's cache."""


def warmup_factor(step: int, warmup_steps: int) -> float:
    """Return the share of the learning rate at update ``step`` (from 1): linear, then 1."""
    return min(1.0, step / warmup_steps) if warmup_steps else 1.0


def agc_factors(
    grads: Sequence[Tensor], params: Sequence[Tensor], clip: float, min_norm: float
) -> Float[Tensor, " tensors"]:
    """Return what adaptive gradient clipping multiplies each gradient by.

    A gradient's norm is limited to ``clip`` times the norm of its tensor, which counts as at least
    ``min_norm``. (Brock et al. 2021, on whole tensors as in DreamerV3.)
    """
    grad_norms = torch.stack(torch._foreach_norm(list(grads)))
    param_norms = torch.stack(torch._foreach_norm(list(params)))
    upper = clip * param_norms.clamp_min(min_norm)
    return 1 / (grad_norms / upper).clamp_min(1)


class FlatOptimizer:
    """LaProp or Adam for one part of the model, its state in flat float32 vectors.

    LaProp normalises the gradient by its running root mean square first and then takes the
    momentum of the result; Adam divides the gradient's momentum by it. (Ziyin et al. 2020.)

    Args:
        params: The part's parameters.
        config: Kind, rates and clipping.
        lr: Learning rate after the warm-up.
    """

    def __init__(self, params: Iterable[Parameter], config: OptimizerConfig, lr: float) -> None:
        self.params: list[Tensor] = [param for param in params if param.requires_grad]
        self.config = config
        self.lr = lr
        size = sum(param.numel() for param in self.params)
        device = self.params[0].device if self.params else torch.device("cpu")
        self.mean = torch.zeros(size, device=device)
        self.square = torch.zeros(size, device=device)
        self.num_steps = 0
        self._blocks = _blocks([param.numel() for param in self.params])

    def grad_norm(self) -> Float[Tensor, ""]:
        """Return the gradient's global norm, before clipping."""
        norms = torch._foreach_norm([p.grad for p in self.params if p.grad is not None])
        return torch.linalg.vector_norm(torch.stack(norms))

    def drop_gradients(self) -> None:
        """Forget the gradients without applying them."""
        for param in self.params:
            param.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Apply the gradients and drop them."""
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.params]
        self._clip(grads)
        self.num_steps += 1
        rate = self.lr * warmup_factor(self.num_steps, self.config.warmup_steps)
        alpha = -rate / (1 - self.config.beta1**self.num_steps)
        start = 0
        for block in self._blocks:
            params, block_grads = self.params[block], grads[block]
            sizes = [param.numel() for param in params]
            part = slice(start, start := start + sum(sizes))
            flat = torch.cat([grad.flatten() for grad in block_grads])
            steps = self._direction(flat, self.mean[part], self.square[part]).split(sizes)
            parts = [step.view_as(param) for step, param in zip(steps, params, strict=True)]
            torch._foreach_add_(params, parts, alpha=alpha)
        self.drop_gradients()

    def state(self) -> dict[str, Tensor]:
        """Return the state as tensors."""
        count = torch.tensor(self.num_steps, dtype=torch.int64)
        return {"mean": self.mean, "square": self.square, "num_steps": count}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.num_steps = int(state["num_steps"])

    def _clip(self, grads: list[Tensor]) -> None:
        config = self.config
        if config.agc:
            factors = agc_factors(grads, self.params, config.agc, config.agc_min_norm)
            torch._foreach_mul_(grads, list(factors.unbind()))
        if config.clip_norm:
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
            torch._foreach_mul_(grads, (config.clip_norm / norm).clamp_max(1.0))

    def _direction(self, grad: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        """Update a block's part of the state; ``grad`` is overwritten."""
        beta1, beta2, eps = self.config.beta1, self.config.beta2, self.config.eps
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        rms = square.div(1 - beta2**self.num_steps).sqrt_().add_(eps)
        if self.config.kind == "laprop":
            return mean.lerp_(grad.div_(rms), 1 - beta1)
        return mean.lerp_(grad, 1 - beta1) / rms


def _blocks(sizes: Sequence[int]) -> list[slice]:
    """Cut a list of tensors into runs of about ``BLOCK_SIZE`` elements that stay in the cache."""
    starts, filled = [0], 0
    for index, size in enumerate(sizes):
        if filled and filled + size > BLOCK_SIZE:
            starts.append(index)
            filled = 0
        filled += size
    return [slice(a, b) for a, b in itertools.pairwise([*starts, len(sizes)])]
