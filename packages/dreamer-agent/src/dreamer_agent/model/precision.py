"""Lower precision: autocast to bfloat16 or float16, and the loss scale float16 needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor

Precision = Literal["float32", "bfloat16", "float16", "auto"]

SCALE_START = 2.0**15
SCALE_GROWTH_INTERVAL = 2000

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """Compute matrix products and convolutions in lower precision within this context.

    A context caches the weights it casts. One that is entered without gradients must not be the
    one in which gradients are wanted, or it hands out weights without a graph.
    """
    if precision == "auto":
        precision = "bfloat16" if has_native_bfloat16(device) else "float32"
    dtype = _DTYPES.get(precision)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


@contextmanager
def without_graph() -> Iterator[None]:
    """Compute without gradients inside a computation that has them.

    What is cast in here is not kept for later, when it would be missing its graph.
    """
    enabled = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_autocast_cache_enabled(enabled)


@cache
def has_native_bfloat16(device: torch.device) -> bool:
    """Whether the device has bfloat16 instructions; without them it is many times slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()


class LossScale:
    """Dynamic loss scale for float16: halved after an overflow, doubled after a good while."""

    def __init__(self, enabled: bool) -> None:
        self.value = SCALE_START if enabled else 1.0
        self.enabled = enabled
        self.num_good_steps = 0

    def unscale(self, params: Iterable[Tensor]) -> bool:
        """Divide the gradients by the scale; return whether all of them are finite."""
        if not self.enabled:
            return True
        grads = [param.grad for param in params if param.grad is not None]
        torch._foreach_mul_(grads, 1 / self.value)
        is_finite = bool(torch.stack(torch._foreach_norm(grads)).isfinite().all())
        if is_finite:
            self.num_good_steps += 1
            if self.num_good_steps % SCALE_GROWTH_INTERVAL == 0:
                self.value *= 2
        return is_finite

    def lower(self) -> bool:
        """Halve the scale after an overflow; return False where it cannot be the cause."""
        if not self.enabled or self.value <= 1.0:
            return False
        self.value, self.num_good_steps = max(self.value / 2, 1.0), 0
        return True
