from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.model import distributions as dist
from hypothesis import given
from hypothesis import strategies as st

BINS = 255


def numpy_symexp(x):
    return np.sign(x) * np.expm1(np.abs(x))


def numpy_bins(kind):
    half = np.linspace(-20, 0, 128)
    half = numpy_symexp(half) if kind == "symexp" else half
    return np.concatenate([half, -half[:-1][::-1]])


def numpy_twohot(value, bins):
    value = np.clip(value, bins[0], bins[-1])
    above = int(np.clip(np.searchsorted(bins, value, side="right"), 1, len(bins) - 1))
    below = above - 1
    weight = (value - bins[below]) / (bins[above] - bins[below])
    out = np.zeros(len(bins))
    out[below], out[above] = 1 - weight, weight
    return out


@given(st.floats(-1e4, 1e4))
def test_symexp_inverts_symlog(x):
    value = torch.tensor(x, dtype=torch.float64)
    assert dist.symexp(dist.symlog(value)).item() == pytest.approx(x, rel=1e-9, abs=1e-9)


def test_symlog_is_the_signed_log_of_one_plus_the_magnitude():
    x = np.array([-1000.0, -1.0, 0.0, 0.5, 30.0])
    expected = np.sign(x) * np.log(1 + np.abs(x))
    np.testing.assert_allclose(dist.symlog(torch.tensor(x)).numpy(), expected)


@pytest.mark.parametrize("kind", ["symexp", "symlog"])
def test_bins_are_those_of_the_variant(kind):
    bins = dist.TwoHot(kind, BINS).bins.numpy()
    np.testing.assert_allclose(bins, numpy_bins(kind), rtol=2e-5)
    np.testing.assert_array_equal(bins, -bins[::-1])
    assert bins[127] == 0


@pytest.mark.parametrize("kind", ["symexp", "symlog"])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.03, 17.3, -1234.5, 4.8e8, 1e12, -1e12])
def test_twohot_puts_the_weight_on_the_two_bins_around_the_value(kind, value):
    twohot = dist.TwoHot(kind, BINS)
    squashed = np.sign(value) * np.log1p(abs(value)) if kind == "symlog" else value
    expected = numpy_twohot(squashed, numpy_bins(kind))
    np.testing.assert_allclose(twohot.encode(torch.tensor(value)).numpy(), expected, atol=2e-4)


@pytest.mark.parametrize("kind", ["symexp", "symlog"])
def test_loss_is_the_cross_entropy_with_the_twohot_target(kind):
    twohot = dist.TwoHot(kind, BINS)
    logits = torch.randn(6, BINS, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0.0, 1.0, -1.0, 250.0, -0.001, 3e8])
    log_probs = logits - torch.logsumexp(logits, -1, keepdim=True)
    expected = -(twohot.encode(target) * log_probs).sum(-1)
    torch.testing.assert_close(twohot.loss(logits.log_softmax(-1), target), expected)


@pytest.mark.parametrize("kind", ["symexp", "symlog"])
def test_estimate_is_the_mean_over_bins_in_the_variants_space(kind):
    logits = torch.full((BINS,), -30.0)
    logits[140], logits[150] = 1.0, 2.0
    probs = np.exp([1.0, 2.0]) / np.exp([1.0, 2.0]).sum()
    bins = numpy_bins(kind)
    mean = probs @ bins[[140, 150]]
    expected = numpy_symexp(mean) if kind == "symlog" else mean
    assert dist.TwoHot(kind, BINS).mean(logits.log_softmax(-1)).item() == pytest.approx(
        expected, rel=1e-3
    )


def test_zero_logits_estimate_exactly_zero_although_the_bins_reach_half_a_billion():
    assert (
        dist.TwoHot("symexp", BINS).mean(torch.zeros(4, BINS).log_softmax(-1)).tolist() == [0.0] * 4
    )


@pytest.mark.parametrize("kind", ["symexp", "symlog"])
def test_estimate_of_the_encoded_value_is_the_value(kind):
    twohot = dist.TwoHot(kind, BINS)
    values = torch.tensor([0.0, 0.5, -3.0, 120.0])
    logits = twohot.encode(values).clamp_min(1e-30).log()
    torch.testing.assert_close(twohot.mean(logits.log_softmax(-1)), values, rtol=1e-3, atol=1e-4)


def test_unimix_keeps_every_class_above_its_share_of_the_uniform():
    logits = torch.tensor([50.0, 0.0, -50.0, 0.0])
    probs = dist.mixed_log_probs(logits, 0.01).exp().numpy()
    softmax = np.exp(logits.numpy() - 50) / np.exp(logits.numpy() - 50).sum()
    np.testing.assert_allclose(probs, 0.99 * softmax + 0.01 / 4, rtol=1e-5)
    assert probs.min() >= np.float32(0.01 / 4)


@pytest.mark.parametrize("classes", [4, 32])
def test_mixed_probabilities_are_the_exponentials_of_the_mixed_log_probabilities(classes):
    logits = torch.randn(3, 7, classes, generator=torch.Generator().manual_seed(1)) * 20
    expected = dist.mixed_log_probs(logits, 0.01).exp()
    torch.testing.assert_close(dist.mixed_probs(logits, 0.01), expected)


def test_without_unimix_log_probabilities_are_the_log_softmax():
    logits = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(dist.mixed_log_probs(logits, 0.0), logits.log_softmax(-1))


@pytest.mark.parametrize("unimix", [0.0, 0.01])
def test_classes_that_are_not_allowed_have_probability_zero_and_send_no_gradient(unimix):
    logits = torch.randn(2, 4, requires_grad=True)
    allowed = torch.tensor([[True, False, True, True], [False, False, False, True]])
    log_probs = dist.mixed_log_probs(logits, unimix, allowed)
    probs = log_probs.exp()
    assert (probs[~allowed] < 1e-20).all()
    torch.testing.assert_close(probs.sum(-1), torch.ones(2))
    (dist.categorical_entropy(log_probs).sum() + log_probs[allowed].sum()).backward()
    assert logits.grad.isfinite().all()
    assert (logits.grad[~allowed] == 0).all()


def test_sampling_inverts_the_cumulative_distribution():
    probs = torch.tensor([0.2, 0.5, 0.3])
    uniform = torch.tensor([0.0, 0.19, 0.21, 0.69, 0.71, 0.999999])
    drawn = dist.sample_onehot(probs.expand(6, 3), uniform).argmax(-1)
    assert drawn.tolist() == [0, 0, 1, 1, 2, 2]


def test_sampling_frequencies_are_the_probabilities():
    generator = torch.Generator().manual_seed(0)
    probs = torch.tensor([0.05, 0.6, 0.1, 0.25])
    num = 40_000
    drawn = dist.sample_onehot(probs.expand(num, 4), torch.rand(num, generator=generator))
    np.testing.assert_allclose(drawn.mean(0).numpy(), probs.numpy(), atol=0.01)


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True, width=32))
def test_a_class_of_probability_zero_is_never_drawn(num_positive, uniform):
    probs = torch.zeros(12)
    probs[1 : 1 + num_positive] = 1 / num_positive
    drawn = int(dist.sample_onehot(probs, torch.tensor(uniform)).argmax())
    assert 1 <= drawn <= num_positive


def test_straight_through_has_the_samples_value_and_the_probabilities_gradient():
    logits = torch.randn(3, 4, requires_grad=True)
    probs = logits.softmax(-1)
    onehot = torch.eye(4)[[2, 0, 1]]
    out = dist.straight_through(onehot, probs)
    torch.testing.assert_close(out, onehot)
    weights = torch.randn(3, 4)
    (gradient,) = torch.autograd.grad((out * weights).sum(), logits, retain_graph=True)
    (expected,) = torch.autograd.grad((probs * weights).sum(), logits)
    torch.testing.assert_close(gradient, expected)


def test_kl_is_summed_over_the_latents():
    rng = np.random.default_rng(0)
    q, p = rng.dirichlet(np.ones(5), (2, 3)), rng.dirichlet(np.ones(5), (2, 3))
    expected = (q * (np.log(q) - np.log(p))).sum((-1, -2))
    actual = dist.categorical_kl(torch.tensor(q).log(), torch.tensor(p).log())
    np.testing.assert_allclose(actual.numpy(), expected)


def test_bernoulli_loss_takes_probabilities_as_targets():
    logit, target = np.array([-2.0, 0.3, 5.0]), np.array([0.0, 0.997, 1.0])
    p = 1 / (1 + np.exp(-logit))
    expected = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    actual = dist.bernoulli_loss(torch.tensor(logit), torch.tensor(target))
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-5)


def test_bounded_normal_has_a_tanh_mean_and_a_std_between_its_bounds():
    raw = torch.tensor([3.0, -0.5, -50.0, 50.0])
    mean, std = dist.bounded_normal(raw, 0.1, 1.0)
    np.testing.assert_allclose(mean.numpy(), np.tanh([3.0, -0.5]), rtol=1e-6)
    np.testing.assert_allclose(std.numpy(), [0.1, 1.0], rtol=1e-6)
    _, std_at_zero = dist.bounded_normal(torch.zeros(2), 0.1, 1.0)
    assert std_at_zero.item() == pytest.approx(0.9 / (1 + np.exp(-2)) + 0.1)


def test_normal_log_density_and_entropy_sum_over_dimensions():
    value, mean, std = np.array([0.3, -1.0]), np.array([0.0, 0.5]), np.array([0.2, 0.9])
    logp = -0.5 * ((value - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))
    entropy = 0.5 * np.log(2 * np.pi * np.e * std**2)
    tensors = [torch.tensor(x) for x in (value, mean, std)]
    assert dist.normal_log_prob(*tensors).item() == pytest.approx(logp.sum())
    assert dist.normal_entropy(tensors[2]).item() == pytest.approx(entropy.sum())


def test_a_uniform_of_exactly_zero_draws_no_forbidden_class():
    allowed = torch.tensor([False, False, True])
    probs = dist.mixed_log_probs(torch.zeros(3), 0.01, allowed).exp()
    assert dist.sample_onehot(probs, torch.tensor(0.0)).tolist() == [0, 0, 1]
