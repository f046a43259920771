from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.behaviour.returns import ReturnRange, ReturnScale, lambda_return
from hypothesis import given, settings
from hypothesis import strategies as st


def numpy_lambda_return(reward, live, is_last, boot, lam):
    returns = np.zeros((reward.shape[0], reward.shape[1] - 1))
    for b in range(reward.shape[0]):
        following = boot[b, -1]
        for t in reversed(range(reward.shape[1] - 1)):
            mix = 0.0 if is_last[b, t + 1] else lam
            target = (1 - mix) * boot[b, t + 1] + mix * following
            following = reward[b, t + 1] + live[b, t + 1] * target
            returns[b, t] = following
    return returns


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 9), st.floats(0, 1), st.integers(0, 2**31))
def test_lambda_return_equals_the_loop_of_the_paper(length, lam, seed):
    rng = np.random.default_rng(seed)
    reward, boot = rng.normal(size=(2, 3, length))
    live = rng.uniform(size=(3, length))
    is_last = rng.uniform(size=(3, length)) < 0.2
    actual = lambda_return(*(torch.tensor(x) for x in (reward, live, is_last, boot)), lam)
    expected = numpy_lambda_return(reward, live, is_last, boot, lam)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-6, atol=1e-6)


def test_lambda_one_sums_discounted_rewards_and_bootstraps_only_at_the_end():
    reward = torch.tensor([[9.0, 1.0, 2.0, 3.0]])
    live = torch.full((1, 4), 0.5)
    boot = torch.tensor([[100.0, 100.0, 100.0, 8.0]])
    returns = lambda_return(reward, live, torch.zeros(1, 4), boot, lam=1.0)
    last = 3 + 0.5 * 8
    assert returns.tolist() == [[1 + 0.5 * (2 + 0.5 * last), 2 + 0.5 * last, last]]


def test_a_truncated_episode_bootstraps_from_its_own_last_step_only():
    reward = torch.tensor([[0.0, 1.0, 50.0]])
    is_last = torch.tensor([[False, True, False]])
    boot = torch.tensor([[0.0, 10.0, 70.0]])
    returns = lambda_return(reward, torch.ones(1, 3), is_last, boot)
    assert returns[0, 0].item() == 1 + 10


def test_a_terminal_step_contributes_its_reward_and_nothing_after():
    reward = torch.tensor([[0.0, 1.0, 50.0]])
    live = torch.tensor([[1.0, 0.0, 1.0]])
    is_last = torch.tensor([[False, True, False]])
    returns = lambda_return(reward, live, is_last, torch.full((1, 3), 70.0))
    assert returns[0, 0].item() == 1


def take_in(scale, returns):
    scale.adopt(scale.after(returns))


def value(scale):
    return scale.scale(ReturnRange(scale.low, scale.high)).item()


def test_a_range_that_is_not_adopted_changes_nothing():
    scale = ReturnScale()
    take_in(scale, torch.linspace(-5000, 5000, 100))
    before = value(scale)
    new = scale.after(torch.linspace(-9000, 9000, 100))
    assert value(scale) == before < scale.scale(new).item()


def test_scale_starts_at_its_limit_and_moves_by_a_hundredth_without_debiasing():
    scale = ReturnScale()
    assert value(scale) == 1
    returns = np.random.default_rng(0).normal(500, 300, 1000)
    take_in(scale, torch.tensor(returns))
    low, high = 0.01 * np.percentile(returns, [5, 95])
    assert value(scale) == pytest.approx(max(1, high - low), rel=1e-5)
    take_in(scale, torch.tensor(returns))
    assert value(scale) == pytest.approx((high - low) * 1.99, rel=1e-5)


def test_scale_never_falls_below_one_so_small_returns_are_not_amplified():
    scale = ReturnScale()
    for _ in range(500):
        take_in(scale, torch.linspace(0, 0.1, 50))
    assert value(scale) == 1


def test_scale_is_saved_with_the_weights():
    scale, other = ReturnScale(), ReturnScale()
    take_in(scale, torch.linspace(-5000, 5000, 100))
    other.load_state_dict(scale.state_dict())
    assert value(other) == value(scale) > 1
