from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from batches import HINTS, SMALL_GAME, random_batch
from dreamer_agent.config import AgentConfig, ModalityConfig, RSSMConfig, TextConfig, VectorConfig
from dreamer_agent.errors import SpaceError
from dreamer_agent.model.distributions import categorical_kl
from dreamer_agent.model.world_model import WorldModel
from dreamer_agent.replay.batch import Context
from dreamer_agent.spaces.actions import action_spec
from dreamer_agent.spaces.observation import observation_specs
from gymnasium import spaces

ACTION = spaces.Discrete(4)
CONFIG = AgentConfig(
    rssm=RSSMConfig(deter=16, hidden=8, stoch=4, classes=3, blocks=4),
    vector=VectorConfig(units=16, layers=1),
    text=TextConfig(embed=16, heads=2, layers=1, out=8, decoder_rank=4),
)


def build(config=CONFIG, observation=SMALL_GAME):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        specs = observation_specs(observation, config, HINTS if observation is SMALL_GAME else None)
        return WorldModel(specs, action_spec(ACTION), config)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def game_batch(**fields):
    return random_batch(SMALL_GAME, ACTION, **fields)


def test_total_is_the_scaled_sum_of_all_terms():
    config = dataclasses.replace(CONFIG, modalities={"text": ModalityConfig(loss_scale=0.25)})
    loss = build(config).loss(game_batch(), generator())
    keys = {*SMALL_GAME.spaces, "reward", "continue", "kl"}
    assert set(loss.losses) == keys
    expected = sum((0.25 if key == "text" else 1.0) * loss.losses[key] for key in keys)
    torch.testing.assert_close(loss.total.detach(), expected)


def test_each_reconstruction_term_is_its_decoders_loss_on_the_posterior():
    model, batch = build(), game_batch()
    loss = model.loss(batch, generator())
    feature = loss.posterior.feature.flatten(0, 1)
    for key in SMALL_GAME.spaces:
        target = torch.as_tensor(batch.obs[key]).flatten(0, 1)
        expected = model.decoder[key].loss(feature, target).mean()
        torch.testing.assert_close(loss.losses[key], expected.detach())


def test_a_share_of_the_rows_is_reconstructed_at_the_same_mean_loss_and_gradient():
    shared = {"screen": ModalityConfig(decode_share=0.25)}
    whole, part = build(), build(dataclasses.replace(CONFIG, modalities=shared))
    part.load_state_dict(whole.state_dict())
    num, size = 8, whole.rssm.feature_size
    obs = {
        key: torch.as_tensor(value).flatten(0, 1)[:num] for key, value in game_batch().obs.items()
    }
    feature = torch.randn(num, size, generator=generator())
    weight = torch.rand(num, generator=generator())

    def total_and_gradient(model, seed):
        inputs = feature.clone().requires_grad_()
        total, losses = model.decoder.loss(inputs, obs, weight, generator(seed))
        total.backward()
        assert losses["screen"].count_nonzero() == (num if model is whole else num / 4)
        return torch.cat([total.detach()[None], losses["screen"], inputs.grad.flatten()])

    drawn = torch.stack([total_and_gradient(part, seed) for seed in range(400)])
    assert torch.equal(drawn[0], total_and_gradient(part, 0))
    expected = total_and_gradient(whole, 0)
    error = (drawn.mean(0) - expected).norm() / expected.norm()
    assert error < 0.1, error


def test_kl_is_between_the_posterior_and_the_prior_of_the_same_state():
    model, batch = build(), game_batch()
    loss = model.loss(batch, generator())
    posterior, logits = model.observe(batch, generator())
    log_q, log_p = (
        model.rssm.log_probs(logits),
        model.rssm.log_probs(model.rssm.prior(posterior.deter)),
    )
    divergence = categorical_kl(log_q, log_p).detach()
    torch.testing.assert_close(loss.metrics["kl"], divergence.mean())
    torch.testing.assert_close(loss.losses["kl"], 1.1 * divergence.clamp_min(1.0).mean())


def test_reward_starts_at_exactly_zero_and_its_loss_at_the_uniform_entropy():
    loss = build().loss(game_batch(), generator())
    assert loss.losses["reward"].item() == pytest.approx(np.log(255), rel=1e-5)


def test_continue_learns_the_discount_and_zero_at_terminal_steps():
    target = build().continue_target(torch.tensor([False, True]))
    assert target.tolist() == pytest.approx([1 - 1 / 333, 0.0])


def test_rows_before_a_reset_do_not_change_the_posterior_after_it():
    model, batch = build(), game_batch(batch=1)
    changed = {key: value.copy() for key, value in batch.obs.items()}
    changed["screen"][:, :4] ^= 255
    changed["state"][:, :4] += 30
    other = dataclasses.replace(batch, obs=changed)
    a, _ = model.observe(batch, generator())
    b, _ = model.observe(other, generator())
    assert not torch.equal(a.deter[:, 3], b.deter[:, 3])
    assert torch.equal(a.deter[:, 4:], b.deter[:, 4:])  # row 4 is a first row
    assert torch.equal(a.stoch[:, 4:], b.stoch[:, 4:])


def test_context_continues_a_sequence_where_it_was_cut():
    model = build()
    batch = random_batch(SMALL_GAME, ACTION, batch=2, length=8)
    is_first = np.zeros((2, 8), bool)
    batch = dataclasses.replace(batch, is_first=is_first)
    whole, _ = model.observe(batch, mode="mode")
    context = Context(
        deter=whole.deter[:, 2].detach().numpy(),
        stoch=whole.stoch[:, 2].argmax(-1).numpy(),
        valid=np.array([True, False]),
    )
    cut = dataclasses.replace(
        batch,
        obs={key: value[:, 3:] for key, value in batch.obs.items()},
        context=context,
        **{
            name: getattr(batch, name)[:, 3:]
            for name in ("action", "reward", "is_first", "is_last", "is_terminal", "ids")
        },
    )
    part, _ = model.observe(cut, mode="mode")
    torch.testing.assert_close(part.deter[0], whole.deter[0, 3:])
    assert not torch.allclose(part.deter[1], whole.deter[1, 3:])  # invalid: starts from zero
    fresh, _ = model.observe(dataclasses.replace(cut, context=None), mode="mode")
    torch.testing.assert_close(part.deter[1], fresh.deter[1])


ROWS = ("action", "reward", "is_first", "is_last", "is_terminal", "ids")


def cut(batch, rows, **fields):
    obs = {key: value[:, rows] for key, value in batch.obs.items()}
    return dataclasses.replace(
        batch, obs=obs, **{name: getattr(batch, name)[:, rows] for name in ROWS}, **fields
    )


def with_burn_in(batch, rows, context=None, **fields):
    before = cut(batch, slice(rows), context=context, **fields)
    return cut(batch, slice(rows, None), burn_in=before)


def test_the_state_after_the_burn_in_is_that_of_a_loop_over_its_rows():
    model = build()
    whole = random_batch(SMALL_GAME, ACTION, batch=3, length=10)  # row 6 of the first is a reset
    rng = np.random.default_rng(1)
    context = Context(
        deter=rng.normal(size=(3, 16)).astype(np.float32),
        stoch=rng.integers(0, 3, (3, 4)),
        valid=np.array([True, True, False]),
    )
    whole = dataclasses.replace(whole, is_first=whole.is_first & (np.arange(10) > 0))
    data = model.tensors(dataclasses.replace(whole, context=context))
    state = data.context
    for t in range(7):
        obs = {key: value[:, t] for key, value in data.obs.items()}
        state = model.filter(state, data.action[:, t], obs, data.is_first[:, t])
    expected, _ = model.rssm.observe(
        model.encoder({key: value[:, 7] for key, value in data.obs.items()}).unsqueeze(1),
        data.action[:, 7:8],
        data.is_first[:, 7:8],
        state,
        None,
    )
    assert data.is_first[0, 1:7].any() and not data.is_first[:, 7].any()
    warmed, _ = model.observe(with_burn_in(whole, 7, context), mode="mode")
    torch.testing.assert_close(warmed.deter[:, :1], expected.deter)
    assert torch.equal(warmed.stoch[:, :1], expected.stoch)
    cold, _ = model.observe(cut(whole, slice(7, None)), mode="mode")
    assert not torch.allclose(cold.deter[:, 0], warmed.deter[:, 0])


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_burn_in_gives_a_start_and_no_gradient(dtype):
    whole = game_batch(length=9)
    rng = generator()

    def gradients(model, batch):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            total = model.loss(batch, rng).total
        total.backward()
        return {name: param.grad for name, param in model.named_parameters()}

    warmed = gradients(build(), with_burn_in(whole, 5))
    model, rng = build(), generator()
    with torch.no_grad(), torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        before, _ = model.observe(cut(whole, slice(5)), rng)
    start = Context(
        deter=before.deter[:, -1].float().numpy(),
        stoch=before.stoch[:, -1].argmax(-1).numpy(),
        valid=np.ones(3, bool),
    )
    expected = gradients(model, cut(whole, slice(5, None), context=start))
    assert all(grad is not None for grad in expected.values())
    for name, grad in expected.items():
        torch.testing.assert_close(warmed[name], grad, msg=name)


def test_a_sequence_without_rows_before_it_starts_from_its_own_context():
    model, whole = build(), game_batch(length=8)
    valid = np.ones((3, 4), bool)
    valid[1] = False
    batch = with_burn_in(whole, 4, valid=valid)
    warmed, _ = model.observe(batch, mode="mode")
    cold, _ = model.observe(dataclasses.replace(batch, burn_in=None), mode="mode")
    assert torch.equal(warmed.deter[1], cold.deter[1])
    assert not torch.equal(warmed.deter[2], cold.deter[2])


def test_padding_rows_do_not_count():
    model, batch = build(), random_batch(SMALL_GAME, ACTION, batch=2, length=6)
    valid = np.ones((2, 6), bool)
    valid[1, 4:] = False
    rewards = batch.reward.copy()
    rewards[1, 4:] = 1e6
    padded = dataclasses.replace(batch, valid=valid)
    other = dataclasses.replace(batch, valid=valid, reward=rewards)
    torch.testing.assert_close(
        model.loss(padded, generator()).total, model.loss(other, generator()).total
    )
    losses = model.loss(padded, generator()).losses
    assert losses["reward"].item() == pytest.approx(np.log(255), rel=1e-5)  # a mean, not a share


def test_filtering_step_by_step_equals_observing_the_sequence():
    model, batch = build(), game_batch()
    data = model.tensors(batch)
    whole, _ = model.observe(data, mode="mode")
    state = model.rssm.initial_state(3)
    for t in range(6):
        obs = {key: value[:, t] for key, value in data.obs.items()}
        state = model.filter(state, data.action[:, t], obs, data.is_first[:, t])
        torch.testing.assert_close(state.deter, whole.deter[:, t])
        assert torch.equal(state.stoch, whole.stoch[:, t])


def test_open_loop_filters_first_and_then_does_not_look():
    model, batch = build(), game_batch()
    seen = model.open_loop(batch, 3, mode="mode")
    hidden = {key: value.copy() for key, value in batch.obs.items()}
    for value in hidden.values():
        value[:, 3:] = 0
    blind = model.open_loop(dataclasses.replace(batch, obs=hidden), 3, mode="mode")
    for key, (truth, prediction) in seen.observations.items():
        np.testing.assert_array_equal(truth, batch.obs[key])
        assert prediction.shape == truth.shape and prediction.dtype == truth.dtype
        np.testing.assert_array_equal(prediction, blind.observations[key][1])
    assert seen.reward[1].shape == (3, 6)
    assert (seen.continues[1] <= 1).all()


def test_open_loop_tells_the_chance_to_go_on_without_the_discount_it_was_trained_with():
    model = build()
    with torch.no_grad():
        for chance in (0.5, 1.0):
            model.continue_head.out.weight.zero_()
            model.continue_head.out.bias.fill_(chance * model.discount).logit_()
            truth, predicted = model.open_loop(game_batch(), 3).continues
            np.testing.assert_allclose(predicted, chance, rtol=1e-5)
            assert truth.min() == 0 and truth.max() == 1


def test_open_loop_depends_on_the_actions_it_is_given():
    model, batch = build(), game_batch()
    other = dataclasses.replace(batch, action=(batch.action + 1) % 4)
    a, b = (model.open_loop(x, 3, mode="mode").observations["state"][1] for x in (batch, other))
    assert not np.array_equal(a[:, 3:], b[:, 3:])


def test_missing_and_misshapen_keys_are_named():
    model, batch = build(), game_batch()
    lacking = {key: value for key, value in batch.obs.items() if key != "state"}
    with pytest.raises(SpaceError, match="'state' is missing"):
        model.loss(dataclasses.replace(batch, obs=lacking))
    wrong = {**batch.obs, "state": batch.obs["state"][..., :3]}
    with pytest.raises(SpaceError, match=r"'state' has shape \(3, 6, 3\)"):
        model.loss(dataclasses.replace(batch, obs=wrong))


def test_a_learned_mask_that_forbids_everything_forbids_nothing():
    space = spaces.Dict(action_mask=spaces.MultiBinary(4), x=spaces.Box(-1, 1, (2,)))
    model = build(observation=space)
    head = model.decoder["action_mask"].head.out
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(torch.tensor([5.0, -5.0, 5.0, -5.0]))
    feature = torch.randn(2, model.rssm.feature_size)
    allowed = model.predict_allowed(feature, "action_mask")
    assert allowed.tolist() == [[True, False, True, False]] * 2
    with torch.no_grad():
        head.bias.fill_(-5.0)
    assert model.predict_allowed(feature, "action_mask").all()
