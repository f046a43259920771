from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.config import OptimizerConfig
from dreamer_agent.learning import optim
from dreamer_agent.learning.optim import FlatOptimizer, agc_factors, warmup_factor


def parameters():
    generator = torch.Generator().manual_seed(0)
    shapes = [(4, 3), (3,), (2, 2, 2)]
    return [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in shapes]


def numpy_clip(grad, param, clip=0.3, min_norm=1e-3):
    upper = clip * max(min_norm, np.linalg.norm(param))
    return grad / max(1.0, np.linalg.norm(grad) / upper)


def numpy_laprop(params, grads, lr, steps_of_warmup):
    """AGC, then RMS (0.999, eps 1e-20), then momentum 0.9, both bias-corrected; then the rate."""
    params = [p.copy() for p in params]
    square = [np.zeros_like(p) for p in params]
    mean = [np.zeros_like(p) for p in params]
    for step, grad_list in enumerate(grads, 1):
        rate = lr * min(1, step / steps_of_warmup)
        for i, raw in enumerate(grad_list):
            grad = numpy_clip(raw, params[i])
            square[i] = 0.999 * square[i] + 0.001 * grad**2
            normed = grad / (np.sqrt(square[i] / (1 - 0.999**step)) + 1e-20)
            mean[i] = 0.9 * mean[i] + 0.1 * normed
            params[i] = params[i] - rate * mean[i] / (1 - 0.9**step)
    return params


def random_gradients(params, num_steps):
    rng = np.random.default_rng(0)
    return [
        [rng.normal(size=p.shape) * 10.0 ** rng.integers(-4, 4) for p in params]
        for _ in range(num_steps)
    ]


def test_laprop_after_agc_equals_the_reference():
    params = parameters()
    start = [p.detach().numpy().astype(np.float64) for p in params]
    grads = random_gradients(params, 8)
    optimizer = FlatOptimizer(params, OptimizerConfig(warmup_steps=5), lr=0.01)
    for grad_list in grads:
        for param, grad in zip(params, grad_list, strict=True):
            param.grad = torch.tensor(grad, dtype=torch.float32)
        optimizer.step()
    expected = numpy_laprop(start, grads, 0.01, 5)
    for param, value in zip(params, expected, strict=True):
        np.testing.assert_allclose(param.detach().numpy(), value, rtol=1e-4, atol=1e-6)


def test_laprop_takes_unit_steps_however_small_the_gradient():
    param = torch.nn.Parameter(torch.ones(3))
    param.grad = torch.tensor([1e-9, -1e-6, 1e-3])
    FlatOptimizer([param], OptimizerConfig(warmup_steps=0), lr=0.1).step()
    np.testing.assert_allclose(param.detach().numpy(), [0.9, 1.1, 0.9], rtol=1e-5)


def test_agc_limits_a_gradient_to_a_share_of_its_tensors_norm():
    params = [torch.full((4,), 10.0), torch.zeros(2), torch.full((4,), 10.0)]
    grads = [torch.full((4,), 100.0), torch.ones(2), torch.full((4,), 0.1)]
    factors = agc_factors(grads, params, clip=0.3, min_norm=1e-3)
    clipped = [g * f for g, f in zip(grads, factors, strict=True)]
    assert clipped[0].norm().item() == pytest.approx(0.3 * 20)
    assert clipped[1].norm().item() == pytest.approx(0.3 * 1e-3)
    assert factors[2].item() == 1


def test_adam_with_a_clipped_global_norm_equals_torchs():
    ours, theirs = parameters(), parameters()
    config = OptimizerConfig(kind="adam", agc=0.0, clip_norm=1.5, warmup_steps=0, eps=1e-8)
    optimizer = FlatOptimizer(ours, config, lr=0.01)
    reference = torch.optim.Adam(theirs, lr=0.01, eps=1e-8)
    for grad_list in random_gradients(ours, 6):
        for a, b, grad in zip(ours, theirs, grad_list, strict=True):
            a.grad, b.grad = (torch.tensor(grad, dtype=torch.float32) for _ in range(2))
        torch.nn.utils.clip_grad_norm_(theirs, 1.5)
        reference.step()
        optimizer.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_warm_up_is_linear_and_then_full():
    assert [warmup_factor(step, 4) for step in (1, 2, 4, 5)] == [0.25, 0.5, 1.0, 1.0]
    assert warmup_factor(1, 0) == 1.0


def test_state_restores_the_next_step_exactly():
    def trained(num_steps, params, optimizer):
        for grad_list in random_gradients(params, 6)[num_steps : num_steps + 3]:
            for param, grad in zip(params, grad_list, strict=True):
                param.grad = torch.tensor(grad, dtype=torch.float32)
            optimizer.step()

    params = parameters()
    optimizer = FlatOptimizer(params, OptimizerConfig(), lr=0.01)
    trained(0, params, optimizer)
    copies = [torch.nn.Parameter(p.detach().clone()) for p in params]
    restored = FlatOptimizer(copies, OptimizerConfig(), lr=0.01)
    restored.load_state({name: value.clone() for name, value in optimizer.state().items()})
    trained(3, params, optimizer)
    trained(3, copies, restored)
    assert all(torch.equal(a, b) for a, b in zip(params, copies, strict=True))


def test_steps_do_not_depend_on_how_the_state_is_cut_into_blocks(monkeypatch):
    results = []
    for size in (1, 5, 2**18):
        monkeypatch.setattr(optim, "BLOCK_SIZE", size)
        params = parameters()
        optimizer = FlatOptimizer(params, OptimizerConfig(warmup_steps=0), 1e-2)
        for grads in random_gradients(params, 3):
            for param, grad in zip(params, grads, strict=True):
                param.grad = torch.tensor(grad, dtype=torch.float32)
            optimizer.step()
        results.append(torch.cat([param.detach().flatten() for param in params]))
    assert torch.equal(results[0], results[2]) and torch.equal(results[1], results[2])
