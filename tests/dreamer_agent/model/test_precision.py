from __future__ import annotations

import torch
from dreamer_agent.model.precision import LossScale, autocast, has_native_bfloat16, without_graph


def test_autocast_lowers_matrix_products_only_if_asked():
    a = torch.ones(2, 2)
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with autocast(torch.device("cpu"), precision):
            assert (a @ a).dtype == dtype


def test_auto_is_bfloat16_only_where_the_device_has_it():
    cpu, a = torch.device("cpu"), torch.ones(2, 2)
    with autocast(cpu, "auto"):
        is_lowered = (a @ a).dtype == torch.bfloat16
    assert is_lowered == has_native_bfloat16(cpu)


def test_without_graph_keeps_no_cast_weight_for_whoever_wants_gradients():
    weight = torch.nn.Parameter(torch.ones(2, 2))
    with autocast(torch.device("cpu"), "bfloat16"):
        with without_graph():
            assert not (weight @ weight).requires_grad
            assert not torch.is_autocast_cache_enabled()
        assert torch.is_autocast_cache_enabled()
        (weight @ weight).sum().backward()
    assert (weight.grad == 4).all()


def test_loss_scale_halves_on_overflow_and_reports_it():
    param = torch.nn.Parameter(torch.ones(2))
    scale = LossScale(enabled=True)
    before = scale.value
    param.grad = torch.tensor([float("inf"), 1.0])
    assert not scale.unscale([param]) and scale.lower()
    assert scale.value == before / 2
    param.grad = torch.full((2,), scale.value)
    now = scale.value
    assert scale.unscale([param])
    torch.testing.assert_close(param.grad, torch.full((2,), now) / now)


def test_loss_scale_grows_after_many_good_steps():
    param = torch.nn.Parameter(torch.ones(1))
    scale = LossScale(enabled=True)
    before = scale.value
    for _ in range(2000):
        param.grad = torch.ones(1)
        scale.unscale([param])
    assert scale.value == 2 * before


def test_loss_scale_is_not_lowered_where_it_cannot_be_the_cause():
    scale = LossScale(enabled=True)
    scale.value = 1.0
    assert not scale.lower() and not LossScale(enabled=False).lower()
