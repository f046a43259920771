from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from dreamer_agent.config import RSSMConfig
from dreamer_agent.model.rssm import RSSM, RSSMState

EMBED, ACTION = 5, 3
CONFIG = RSSMConfig(deter=16, hidden=6, stoch=4, classes=3, blocks=4)


def build(config=CONFIG):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = RSSM(config, EMBED, ACTION)
        for param in model.parameters():  # biases and scales must show in the comparison too
            param.data.add_(0.1 * torch.randn(param.shape))
    return model


def inputs(batch=2, length=6, seed=0):
    rng = np.random.default_rng(seed)
    embed, action = (
        rng.normal(size=(batch, length, EMBED)),
        rng.normal(size=(batch, length, ACTION)),
    )
    uniform = rng.uniform(size=(batch, length, CONFIG.stoch))
    is_first = np.zeros((batch, length), bool)
    return [torch.tensor(x, dtype=torch.float32) for x in (embed, action, uniform)], is_first


def numpy_core(core, deter, stoch, action):
    """The block GRU written out: one block at a time, as the paper draws it."""
    w = {name: value.detach().double().numpy() for name, value in core.named_parameters()}

    def silu(x):
        return x / (1 + np.exp(-x))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def norm(x, scale):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-4) * scale

    def dense(x, name):
        z = x @ w[f"{name}.linear.weight"].T + w[f"{name}.linear.bias"]
        return silu(norm(z, w[f"{name}.norm.scale"]))

    action = action / np.maximum(1, np.abs(action))
    shared = np.concatenate(
        [dense(deter, "in_deter"), dense(stoch, "in_stoch"), dense(action, "in_action")], -1
    )
    size = CONFIG.deter // CONFIG.blocks
    inputs = np.concatenate(
        [w["hidden_inputs.parts.0.weight"].T, w["hidden_inputs.parts.1.weight"].T], 0
    )
    hidden = []
    for block in range(CONFIG.blocks):
        own = slice(block * size, (block + 1) * size)
        matrix = np.concatenate([w["hidden_deter.weight"][block], inputs[:, own]], 0)
        hidden.append(np.concatenate([deter[:, own], shared], -1) @ matrix)
    x = np.concatenate(hidden, -1) + w["hidden_deter.bias"]
    x = silu(norm(x, w["norm.scale"]))
    out = np.zeros_like(deter)
    for block in range(CONFIG.blocks):
        own = slice(block * size, (block + 1) * size)
        gates = x[:, own] @ w["gates.weight"][block]
        gates = gates + w["gates.bias"][3 * block * size : 3 * (block + 1) * size]
        reset, candidate, update = np.split(gates, 3, -1)
        step = sigmoid(update - 1)
        out[:, own] = step * np.tanh(sigmoid(reset) * candidate) + (1 - step) * deter[:, own]
    return out


def test_block_gru_equals_the_formula_written_out_per_block():
    model = build()
    rng = np.random.default_rng(1)
    deter, stoch, action = (rng.normal(size=(3, n)) for n in (16, 12, ACTION))
    action *= 3
    tensors = [torch.tensor(x, dtype=torch.float32) for x in (deter, stoch, action)]
    actual = model.core(tensors[0], tensors[1], model.core.action_part(tensors[2]))
    expected = numpy_core(model.core, deter, stoch, action)
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_gru_core_equals_its_formula():
    model = build(dataclasses.replace(CONFIG, core="gru"))
    core = model.core
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(3, n)) for n in (16, 12, ACTION)]
    deter, stoch, action = (torch.tensor(x, dtype=torch.float32) for x in arrays)
    actual = core(deter, stoch, core.action_part(action))
    unit = action / action.abs().clamp_min(1)
    weight = torch.cat([part.weight for part in core.inputs.parts], 1)
    x = torch.cat([stoch, unit], -1) @ weight.T + core.inputs.parts[0].bias
    x = core.input_norm(x)
    gates = core.gate_norm(core.gates(torch.cat([x, deter], -1)))
    reset, candidate, update = gates.chunk(3, -1)
    step = torch.sigmoid(update - 1)
    expected = step * torch.tanh(torch.sigmoid(reset) * candidate) + (1 - step) * deter
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("core", ["block_gru", "gru"])
def test_a_first_row_forgets_state_latents_and_the_action_before_it(core):
    model = build(dataclasses.replace(CONFIG, core=core))
    (embed, action, uniform), is_first = inputs()
    is_first[:, 3] = True
    first = torch.tensor(is_first)
    states, logits = model.observe(embed, action, first, model.initial_state(2), uniform)
    fresh_action = action[:, 3:].clone()
    fresh_action[:, 0] = 123.0
    fresh = torch.tensor(is_first[:, 3:])
    again, again_logits = model.observe(
        embed[:, 3:],
        fresh_action,
        fresh,
        RSSMState(states.deter[:, 0], states.stoch[:, 0]),
        uniform[:, 3:],
    )
    torch.testing.assert_close(again.deter, states.deter[:, 3:])
    torch.testing.assert_close(again_logits, logits[:, 3:])


def test_reset_equals_a_step_from_zero_state_with_zero_action():
    model = build()
    (embed, action, uniform), is_first = inputs(length=1)
    dirty = RSSMState(torch.randn(2, 16), torch.eye(3)[torch.zeros(2, 4, dtype=torch.long)])
    is_first[:] = True
    reset, _ = model.observe(embed, action, torch.tensor(is_first), dirty, uniform)
    zero_action = torch.zeros_like(action)
    clean, _ = model.observe(
        embed, zero_action, torch.tensor(~is_first), model.initial_state(2), uniform
    )
    torch.testing.assert_close(reset.deter, clean.deter)
    torch.testing.assert_close(reset.stoch, clean.stoch)


def test_a_sequence_in_two_halves_from_the_first_halfs_last_posterior_equals_the_whole():
    model = build()
    (embed, action, uniform), is_first = inputs()
    first = torch.tensor(is_first)
    whole, _ = model.observe(embed, action, first, model.initial_state(2), uniform)
    context = RSSMState(whole.deter[:, 2], whole.stoch[:, 2])
    half, _ = model.observe(embed[:, 3:], action[:, 3:], first[:, 3:], context, uniform[:, 3:])
    torch.testing.assert_close(half.deter, whole.deter[:, 3:])


def test_action_magnitudes_above_one_are_scaled_to_one():
    core = build().core
    torch.testing.assert_close(
        core.action_part(torch.tensor([[5.0, -0.5, -7.0]])),
        core.action_part(torch.tensor([[1.0, -0.5, -1.0]])),
    )


def test_sampled_latents_are_one_hot_and_differentiable():
    model = build()
    (embed, action, uniform), is_first = inputs()
    first = torch.tensor(is_first)
    embed.requires_grad_()
    states, _ = model.observe(embed, action, first, model.initial_state(2), uniform)
    torch.testing.assert_close(states.stoch, states.stoch.detach().round())
    torch.testing.assert_close(states.stoch.sum(-1), torch.ones(2, 6, 4))
    (gradient,) = torch.autograd.grad(states.stoch[:, -1, :, 0].sum(), embed)
    assert (gradient[:, -1] != 0).any()


def test_the_mode_is_reproducible_and_needs_no_randomness():
    model = build()
    (embed, action, _), is_first = inputs()
    first = torch.tensor(is_first)
    states, logits = model.observe(embed, action, first, model.initial_state(2), None)
    assert torch.equal(states.stoch.argmax(-1), logits.argmax(-1))


def test_latents_are_drawn_from_the_distribution_with_the_uniform_mixed_in():
    logits = torch.tensor([[[50.0, 0.0, 0.0]]])  # 0.99 + a third of 0.01, then twice a third
    for uniform, drawn in ((0.993, 0), (0.994, 1), (0.997, 2)):
        assert build().draw(logits, torch.tensor([[uniform]])).argmax().item() == drawn
    pure = build(dataclasses.replace(CONFIG, unimix=0.0))
    assert pure.draw(logits, torch.tensor([[0.997]])).argmax().item() == 0


def test_imagination_is_a_core_step_and_a_draw_from_the_prior():
    model = build()
    state = RSSMState(torch.randn(2, 16), torch.eye(3)[torch.ones(2, 4, dtype=torch.long)])
    action, uniform = torch.randn(2, ACTION), torch.rand(2, 4)
    after = model.imagine_step(state, action, uniform)
    deter = model.core(state.deter, state.stoch.flatten(1), model.core.action_part(action))
    probs = 0.99 * model.prior(deter).softmax(-1) + 0.01 / 3
    drawn = (uniform[..., None] >= probs.cumsum(-1)).sum(-1)
    torch.testing.assert_close(after.deter, deter)
    assert torch.equal(after.stoch.argmax(-1), drawn)


def test_the_whole_past_receives_gradient_through_the_recurrence():
    model = build()
    (embed, action, uniform), is_first = inputs()
    embed.requires_grad_()
    first = torch.tensor(is_first)
    states, _ = model.observe(embed, action, first, model.initial_state(2), uniform)
    (gradient,) = torch.autograd.grad(states.deter[:, -1].sum(), embed)
    assert (gradient[:, :-1].abs().sum((0, 2)) > 0).all()


def test_nothing_before_a_first_row_receives_gradient_from_after_it():
    model = build()
    (embed, action, uniform), is_first = inputs()
    embed.requires_grad_()
    is_first[:, 3] = True
    states, _ = model.observe(
        embed, action, torch.tensor(is_first), model.initial_state(2), uniform
    )
    (gradient,) = torch.autograd.grad(states.deter[:, -1].sum(), embed)
    assert (gradient[:, :3] == 0).all() and (gradient[:, 3] != 0).any()
