from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.model.layers import BlockLinear, MLPHead, RMSNorm, conv, linear, mlp


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_rms_norm_divides_by_the_root_mean_square_plus_eps():
    x = np.random.default_rng(0).normal(size=(5, 8)) * 0.01
    norm = RMSNorm(8)
    with torch.no_grad():
        norm.scale.copy_(torch.linspace(0.5, 2, 8))
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-4) * np.linspace(0.5, 2, 8)
    actual = norm(torch.tensor(x, dtype=torch.float32))
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=1e-5)


def test_rms_norm_computes_in_float32_and_returns_the_inputs_dtype():
    x = torch.full((1, 4), 300.0, dtype=torch.float16)  # its square overflows float16
    out = RMSNorm(4)(x)
    assert out.dtype == torch.float16
    torch.testing.assert_close(out.float(), torch.ones(1, 4), rtol=1e-3, atol=0)


def test_rms_norm_gradients_are_those_of_the_formula():
    x = torch.randn(2, 6, 5, requires_grad=True)
    norm = RMSNorm(5)
    norm.scale.data.uniform_(0.5, 2)

    def formula(x, scale):
        return x * (x.square().mean(-1, keepdim=True) + 1e-4).rsqrt() * scale

    weights = torch.randn(2, 6, 5)
    actual = torch.autograd.grad((norm(x) * weights).sum(), (x, norm.scale))
    expected = torch.autograd.grad((formula(x, norm.scale) * weights).sum(), (x, norm.scale))
    for a, b in zip(actual, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_rms_norm_is_the_same_without_gradients():
    norm, x = RMSNorm(5), torch.randn(3, 5)
    with torch.no_grad():
        without = norm(x)
    assert torch.equal(without, norm(x))


def test_block_linear_applies_each_block_to_its_own_slice():
    layer = BlockLinear(6, 4, blocks=2)
    x = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    expected = np.concatenate([x[:, :3] @ weight[0], x[:, 3:] @ weight[1]], 1) + bias
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("weight", "fan_in"),
    [
        (lambda: linear(400, 300).weight, 400),
        (lambda: conv(16, 64, 5).weight, 16 * 25),
        (lambda: BlockLinear(512, 512, 8).weight, 512),
    ],
)
def test_weights_start_truncated_normal_with_the_std_of_their_fan_in(weight, fan_in):
    values = weight().detach()
    assert values.std().item() == pytest.approx(fan_in**-0.5, rel=0.05)
    assert values.abs().max().item() <= 2 * 1.1368 * fan_in**-0.5 + 1e-6


def test_biases_start_at_zero_and_scaled_outputs_shrink_with_the_scale():
    layer = linear(100, 50, scale=0.01)
    assert (layer.bias == 0).all()
    assert layer.weight.std().item() == pytest.approx(0.001, rel=0.1)


def test_a_head_with_out_scale_zero_starts_with_zero_outputs():
    head = MLPHead(8, 16, 2, 5, out_scale=0.0)
    assert (head(torch.randn(4, 8)) == 0).all()


def test_hidden_layers_are_linear_then_norm_then_silu():
    (layer,) = mlp(4, 3, 1)
    x = torch.randn(2, 4)
    z = layer.linear(x)
    z = z * (z.square().mean(-1, keepdim=True) + 1e-4).rsqrt()
    torch.testing.assert_close(layer(x), z * torch.sigmoid(z))


@pytest.mark.parametrize(("kernel", "stride", "size"), [(5, 1, 9), (3, 2, 9), (3, 1, 7)])
def test_convolutions_round_the_size_up(kernel, stride, size):
    out = conv(1, 2, kernel, stride)(torch.zeros(1, 1, size, size + 1))
    assert out.shape[2:] == (-(-size // stride), -(-(size + 1) // stride))
