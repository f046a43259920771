from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.config import KLConfig
from dreamer_agent.model.kl import kl_loss


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    q, p = torch.randn(2, 5, 4, 3, generator=generator, dtype=torch.float64) * 2
    return q.requires_grad_(), p.requires_grad_()


def numpy_kl(a, b):
    a, b = (torch.log_softmax(x, -1).detach().numpy() for x in (a, b))
    return (np.exp(a) * (a - b)).sum((-1, -2))


def loss(q, p, **settings):
    return kl_loss(q.log_softmax(-1), p.log_softmax(-1), KLConfig(**settings))


def gradients(value, *inputs):
    return torch.autograd.grad(value.sum(), inputs, retain_graph=True)


def test_paper_weighs_the_same_divergence_by_one_and_a_tenth(logits):
    q, p = logits
    expected = 1.1 * np.maximum(1, numpy_kl(q, p))
    np.testing.assert_allclose(loss(q, p).detach().numpy(), expected)


def test_paper_trains_the_prior_by_dyn_and_the_posterior_by_rep(logits):
    q, p = logits
    full_q, full_p = gradients(loss(q, p, kind="notes", balance=1.0, free_nats=0.0), q, p)
    grad_q, grad_p = gradients(loss(q, p, free_nats=0.0), q, p)
    torch.testing.assert_close(grad_p, full_p)
    torch.testing.assert_close(grad_q, 0.1 * full_q)


def test_free_nats_apply_to_the_sum_over_latents_and_stop_the_gradient_below():
    # two latents with less than a nat each, more than one in sum
    q = torch.zeros(2, 2, 3, dtype=torch.float64)
    q[0, :, 0] = 2.5
    q[1, :, 0] = 0.1
    q.requires_grad_()
    p = torch.zeros(2, 2, 3, dtype=torch.float64, requires_grad=True)
    divergence = numpy_kl(q, p)
    assert divergence[0] > 1 > divergence[0] / 2
    value = loss(q, p)
    grad_q, grad_p = gradients(value, q, p)
    assert value[1].item() == pytest.approx(1.1)
    assert (grad_q[1] == 0).all() and (grad_p[1] == 0).all()
    assert (grad_p[0] != 0).any() and (grad_q[0] != 0).any()


def test_balanced_v2_mixes_one_direction_with_two_stop_gradients(logits):
    q, p = logits
    full_q, full_p = gradients(loss(q, p, kind="notes", balance=1.0, free_nats=0.0), q, p)
    value = loss(q, p, kind="balanced_v2", free_nats=0.0)
    np.testing.assert_allclose(value.detach().numpy(), numpy_kl(q, p))
    grad_q, grad_p = gradients(value, q, p)
    torch.testing.assert_close(grad_p, 0.8 * full_p)
    torch.testing.assert_close(grad_q, 0.2 * full_q)


def test_notes_formula_adds_the_reversed_divergence_without_stop_gradients(logits):
    q, p = logits
    value = loss(q, p, kind="notes")
    expected = np.maximum(1, 0.8 * numpy_kl(q, p) + 0.2 * numpy_kl(p, q))
    np.testing.assert_allclose(value.detach().numpy(), expected)
    grad_q, _ = gradients(loss(q, p, kind="notes", free_nats=0.0), q, p)
    balanced_q, _ = gradients(loss(q, p, kind="balanced_v2", free_nats=0.0), q, p)
    assert not torch.allclose(grad_q, balanced_q)


def test_preprint_weights_are_a_setting_of_the_same_form(logits):
    q, p = logits
    expected = 0.6 * np.maximum(1, numpy_kl(q, p))
    np.testing.assert_allclose(loss(q, p, dyn=0.5, rep=0.1).detach().numpy(), expected)
