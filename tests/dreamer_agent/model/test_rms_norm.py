from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from dreamer_agent.model import rms_norm as module
from dreamer_agent.model.rms_norm import rms_norm


@pytest.mark.parametrize("silu", [False, True])
@pytest.mark.parametrize("shape", [(1, 8), (5, 3, 8), (7, 8)])
def test_norm_and_its_gradients_equal_torchs_own_in_pieces_or_whole(shape, silu, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 24)  # three rows
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
    scale = torch.randn(8, generator=generator, dtype=torch.float64).requires_grad_()
    weight = torch.randn(shape, generator=generator, dtype=torch.float64)
    own = rms_norm(x, scale, 1e-4, silu)
    reference = F.rms_norm(x, (8,), scale, 1e-4)
    reference = F.silu(reference) if silu else reference
    torch.testing.assert_close(own, reference)
    actual = torch.autograd.grad((own * weight).sum(), (x, scale))
    expected = torch.autograd.grad((reference * weight).sum(), (x, scale))
    for a, b in zip(actual, expected, strict=True):
        torch.testing.assert_close(a, b)
    with torch.no_grad():
        torch.testing.assert_close(rms_norm(x, scale, 1e-4, silu), own.detach())
