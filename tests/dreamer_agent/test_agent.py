from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from batches import HINTS, SMALL_GAME, random_batch
from dreamer_agent.agent import Agent
from dreamer_agent.config import AgentConfig, RSSMConfig, TextConfig, VectorConfig
from dreamer_agent.errors import CheckpointError, NonFiniteError, SpaceError
from dreamer_agent.model.tensors import last_rows
from dreamer_agent.presets import PRESETS, preset
from gymnasium import spaces

ACTION = spaces.Discrete(4)
BOX = spaces.Box(-1, 1, (3,), np.float32)


def small(name="paper", **changes) -> AgentConfig:
    config = preset(name, "xs")
    rssm = dataclasses.replace(config.rssm, deter=32, hidden=16, stoch=4, classes=4, blocks=4)
    text = TextConfig(embed=16, heads=2, layers=1, out=8, decoder_rank=4)
    optimizer = dataclasses.replace(config.optimizer, warmup_steps=0, lr=1e-3)
    parts = {"rssm": rssm, "text": text, "optimizer": optimizer, **changes}
    return dataclasses.replace(config, **parts)


def build(observation=BOX, action=ACTION, config=None, **kwargs):
    hints = HINTS if observation is SMALL_GAME else None
    return Agent(observation, action, config or small(), modalities=hints, **kwargs)


def observation_of(batch, step=0):
    return {key: value[:, step] for key, value in batch.obs.items()}


# Acting


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(4),
        spaces.Discrete(3, start=2),
        spaces.MultiDiscrete([2, 3]),
        spaces.Box(-2, 5, (2,), np.float32),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["sample", "greedy"])
def test_actions_are_of_the_action_space(space, mode):
    agent = build(action=space)
    obs = np.zeros((3, 3), np.float32)
    action, state = agent.act(obs, agent.initial_state(3), np.ones(3, bool), mode)
    assert action.shape == (3, *space.shape) and action.dtype == space.dtype
    assert all(space.contains(row) for row in action)
    assert state.action.shape == (3, agent.action.size)
    agent.update(random_batch(BOX, space))


def test_greedy_takes_the_most_likely_action_and_sampling_the_others_too():
    agent = build()
    agent.actor_critic.actor.head.out.bias.data[1] = 0.5
    obs, first = np.zeros((300, 3), np.float32), np.ones(300, bool)
    greedy, sampled = (
        agent.act(obs, agent.initial_state(300), first, mode)[0] for mode in ("greedy", "sample")
    )
    assert (greedy == 1).all() and set(sampled) == {0, 1, 2, 3}


def test_the_state_remembers_and_is_first_forgets():
    agent = build()
    obs = np.full((2, 3), 0.3, np.float32)
    _, remembered = agent.act(obs, agent.initial_state(2), np.ones(2, bool))
    rng = agent.rng_state()
    _, after = agent.act(obs, remembered, np.array([False, True]))
    agent.set_rng_state(rng)
    _, fresh = agent.act(obs, agent.initial_state(2), np.ones(2, bool))
    torch.testing.assert_close(after.deter[1], fresh.deter[1])
    assert not torch.equal(after.deter[0], fresh.deter[0])


def test_equal_seeds_act_and_learn_equally_and_others_do_not():
    batch = random_batch(BOX, ACTION)
    metrics = [build(seed=seed).update(batch).metrics for seed in (1, 1, 2)]
    assert metrics[0] == metrics[1] != metrics[2]


def test_building_and_updating_leave_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build().update(random_batch(BOX, ACTION))
    assert torch.equal(torch.rand(3), expected)


def test_wrong_observations_are_refused_by_key():
    agent = build(SMALL_GAME)
    batch = random_batch(SMALL_GAME, ACTION)
    obs = observation_of(batch)
    del obs["text"]
    with pytest.raises(SpaceError, match="text"):
        agent.act(obs, agent.initial_state(3), np.ones(3, bool))


def test_filtering_with_given_actions_equals_acting_with_the_same_ones():
    agent = build()
    obs = np.random.default_rng(0).uniform(-1, 1, (4, 2, 3)).astype(np.float32)
    first, later = np.ones(2, bool), np.zeros(2, bool)
    state = agent.filter(obs[0], agent.initial_state(2), np.zeros(2, np.int64), first)
    for step in range(1, 4):
        action = np.array([step % 4, 0])
        state = agent.filter(obs[step], state, action, later)
    batch = random_batch(BOX, ACTION, batch=2, length=4)
    action = np.array([[0, 1, 2, 3], [0, 0, 0, 0]])
    is_first = np.zeros((2, 4), bool)
    is_first[:, 0] = True
    batch = dataclasses.replace(
        batch, obs={"observation": obs.swapaxes(0, 1)}, action=action, is_first=is_first
    )
    posterior, _ = agent.world_model.observe(batch, mode="mode")
    torch.testing.assert_close(agent.features(state), posterior.feature[:, -1].detach())


def test_where_takes_rows_from_two_states():
    agent = build()
    _, state = agent.act(np.ones((3, 3), np.float32), agent.initial_state(3), np.ones(3, bool))
    mixed = state.where(np.array([True, False, True]), agent.initial_state(3))
    assert torch.equal(mixed.deter[[0, 2]], state.deter[[0, 2]])
    assert (mixed.deter[1] == 0).all() and (mixed.stoch[1] == 0).all()


# Action masks

MASKED = spaces.Dict(x=BOX, action_mask=spaces.Box(0, 1, (4,), np.int8))


def masked_batch(length=6, batch=12, seed=0):
    """Only the action named by the largest of three numbers (or the last one) is legal."""
    made = random_batch(MASKED, ACTION, batch=batch, length=length, seed=seed)
    made.obs["action_mask"][:] = np.eye(4, dtype=np.int8)[made.obs["x"].argmax(-1)]
    made.obs["action_mask"][..., 3] = 1
    return made


def test_masks_in_the_observation_and_as_argument_are_honoured():
    agent = build(MASKED)
    obs = {"x": np.zeros((200, 3), np.float32), "action_mask": np.zeros((200, 4), np.int8)}
    obs["action_mask"][:, 2] = 1
    first = np.ones(200, bool)
    action, _ = agent.act(obs, agent.initial_state(200), first)
    assert (action == 2).all()
    override = np.zeros((200, 4), bool)
    override[:, [0, 1]] = True
    action, _ = agent.act(obs, agent.initial_state(200), first, action_mask=override)
    assert set(action) == {0, 1}
    unmasked = build()
    action, _ = unmasked.act(obs["x"], unmasked.initial_state(200), first, action_mask=override)
    assert set(action) == {0, 1}
    with pytest.raises(SpaceError, match="action_mask"):
        agent.act(obs, agent.initial_state(200), first, action_mask=np.ones((200, 3), bool))


def test_masks_are_learned_and_honoured_in_imagination():
    from dreamer_agent.behaviour.actor_critic import imagine

    agent = build(MASKED)
    for seed in range(120):
        agent.update_world_model(masked_batch(seed=seed))
    batch = masked_batch(seed=999)
    data = agent.world_model.tensors(batch)
    posterior, _ = agent.world_model.observe(data, mode="mode")
    start = posterior.detach().flatten()
    predicted = agent.world_model.predict_allowed(start.feature, "action_mask")
    truth = torch.as_tensor(batch.obs["action_mask"]).flatten(0, 1).bool()
    assert (predicted == truth).float().mean() > 0.8
    generator = torch.Generator().manual_seed(0)
    actor = agent.actor_critic.actor
    traj = imagine(agent.world_model, actor, start, 3, "action_mask", generator)
    assert traj.allowed is not None and torch.equal(traj.allowed[0], predicted)
    assert not (traj.action.bool() & ~traj.allowed).any()


# Learning


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("observation", [BOX, SMALL_GAME], ids=["box", "game"])
def test_every_parameter_receives_gradient(name, observation):
    agent = build(observation, config=small(name))
    # zero-initialised heads block the gradient of what is before them in the first update
    for critic in (agent.actor_critic.critic, agent.actor_critic.slow_critic):
        for head in critic.heads:
            head.out.weight.data.normal_(std=0.1)
    agent.world_model.reward_head.out.weight.data.normal_(std=0.1)
    batch = random_batch(observation, ACTION)
    seen = {}
    for optimizer in agent._updater.optimizers.values():
        optimizer.step = lambda: None  # keeps the gradients
    agent.update(batch)
    for part in ("world_model", "actor_critic"):
        for name_, param in getattr(agent, part).named_parameters():
            seen[f"{part}.{name_}"] = param.grad is not None and bool((param.grad != 0).any())
    silent = [key for key, has in seen.items() if not has and "slow_critic" not in key]
    assert silent == []
    assert not any(has for key, has in seen.items() if "slow_critic" in key)


@pytest.mark.parametrize("name", ["paper", "notes"])
def test_one_batch_can_be_overfitted(name):
    config = small(name)
    optimizer = dataclasses.replace(config.optimizer, lr=3e-3, actor_lr=1e-3)
    agent = build(SMALL_GAME, config=dataclasses.replace(config, optimizer=optimizer))
    batch = random_batch(SMALL_GAME, ACTION, batch=2, length=5)
    first = agent.update_world_model(batch).metrics
    for _ in range(150):
        last = agent.update_world_model(batch).metrics
    assert last["loss/state"] < 0.1 * first["loss/state"]
    assert last["loss/text"] < 0.5 * first["loss/text"]
    assert last["loss/weather"] < 0.2 * first["loss/weather"]
    assert last["loss/reward"] < 0.5 * first["loss/reward"]


def test_a_constant_observation_drives_the_kl_to_the_free_nats():
    agent = build()
    batch = random_batch(BOX, ACTION)
    constant = {"observation": np.full_like(batch.obs["observation"], 0.5)}
    batch = dataclasses.replace(batch, obs=constant, reward=np.zeros_like(batch.reward))
    for _ in range(150):
        metrics = agent.update_world_model(batch).metrics
    assert metrics["latent/kl"] < 1.0
    assert metrics["loss/kl"] == pytest.approx(1.1, abs=0.02)


def test_infinite_gradients_of_a_finite_loss_change_nothing_either():
    agent = build()
    agent.world_model.continue_head.out.bias.register_hook(lambda grad: grad * torch.inf)
    before = {name: value.clone() for name, value in agent.state_dict().items()}
    with pytest.raises(NonFiniteError, match="grad_norm/world_model"):
        agent.update_world_model(random_batch(BOX, ACTION))
    assert all(torch.equal(value, before[name]) for name, value in agent.state_dict().items())


def test_updating_the_world_model_alone_leaves_actor_and_critic():
    agent = build()
    before = {name: value.clone() for name, value in agent.state_dict().items()}
    agent.update_world_model(random_batch(BOX, ACTION))
    changed = {
        name for name, value in agent.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed and all(name.startswith("world_model.") for name in changed)


def test_actor_and_critic_may_have_rates_of_their_own():
    rates = dataclasses.replace(small().optimizer, lr=1e-3, actor_lr=1e-5, critic_lr=1e-4)
    agent = build(config=small(optimizer=rates))
    behaviour = agent.actor_critic
    parts = {1e-3: agent.world_model, 1e-5: behaviour.actor, 1e-4: behaviour.critic}
    before = {lr: [p.clone() for p in part.parameters()] for lr, part in parts.items()}
    agent.update(random_batch(BOX, ACTION))
    for lr, part in parts.items():  # LaProp's first step is as long as the rate
        pairs = zip(part.parameters(), before[lr], strict=True)
        longest = max((new - old).abs().max().item() for new, old in pairs)
        assert longest == pytest.approx(lr, rel=0.02)


def test_an_update_returns_the_posterior_it_learned_from():
    agent = build()
    batch = random_batch(BOX, ACTION)
    rng = agent.rng_state()
    posterior, _ = agent.world_model.observe(batch, agent._generators["world_model"])
    agent.set_rng_state(rng)
    update = agent.update(batch)
    np.testing.assert_array_equal(update.deter, posterior.deter.detach().numpy())
    np.testing.assert_array_equal(update.stoch, posterior.stoch.argmax(-1).numpy())
    assert all(np.isfinite(value) for value in update.metrics.values())


def test_the_slow_critic_follows_once_per_update():
    config = small()
    agent = build(config=config)
    slow, fast = agent.actor_critic.slow_critic, agent.actor_critic.critic
    before = slow.heads[0].out.bias.clone()
    agent.update(random_batch(BOX, ACTION))
    expected = before + 0.02 * (fast.heads[0].out.bias - before)
    torch.testing.assert_close(slow.heads[0].out.bias, expected.detach())


@pytest.mark.parametrize("scaling", ["symlog", "standard"])
def test_not_a_number_is_reported_by_name_and_does_no_harm(scaling):
    agent = build(SMALL_GAME, config=small(vector=VectorConfig(units=16, scaling=scaling)))
    batch = random_batch(SMALL_GAME, ACTION)
    agent.update(batch)
    before = {name: value.clone() for name, value in agent.state_dict().items()}
    broken = random_batch(SMALL_GAME, ACTION)
    broken.obs["state"][:, 2, 0] = np.nan
    with pytest.raises(NonFiniteError, match="loss/state"):
        agent.update(broken)
    weights = agent.state_dict()
    statistics = [name for name in before if "standardizer" in name]
    assert all(weights[name].isfinite().all() for name in statistics)
    rest = before.keys() - set(statistics)
    assert all(torch.equal(weights[name], before[name]) for name in rest)
    agent.update(batch)


def test_episodes_shorter_than_the_last_steps_are_imagined_from_too():
    imagination = dataclasses.replace(small().imagination, last=4)
    agent = build(config=small(imagination=imagination))
    batch = random_batch(BOX, ACTION)  # (3, 6)
    valid = np.arange(6) < np.array([[1], [3], [6]])
    short = dataclasses.replace(batch, valid=valid)
    assert np.isfinite(list(agent.update(short).metrics.values())).all()
    rows = last_rows(torch.as_tensor(valid).float(), 4)
    assert rows.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [2, 3, 4, 5]]
    assert last_rows(torch.ones(2, 3), 0).tolist() == [[0, 1, 2]] * 2
    assert last_rows(torch.ones(1, 3), 9).tolist() == [[0, 1, 2]]


def test_a_mask_that_allows_nothing_allows_everything():
    agent, nothing = build(), np.zeros((64, 4), np.int8)
    obs, first = np.zeros((64, 3), np.float32), np.ones(64, bool)
    action, _ = agent.act(obs, agent.initial_state(64), first, action_mask=nothing)
    assert len(set(action.tolist())) > 1


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precision_learns_about_the_same(precision):
    batch = random_batch(SMALL_GAME, ACTION)
    exact = build(SMALL_GAME).update(batch).metrics
    agent = build(SMALL_GAME, config=small(precision=precision))
    rough = agent.update(batch).metrics
    for key in ("loss/screen", "loss/state", "loss/reward", "loss/text"):
        assert rough[key] == pytest.approx(exact[key], rel=0.05)
    assert all(param.dtype == torch.float32 for param in agent.world_model.parameters())
    assert all(np.isfinite(value) for value in rough.values())


def test_lower_precision_gradients_reach_the_actor_after_imagination():
    agent = build(config=small(precision="bfloat16"))
    before = agent.actor_critic.actor.head.out.weight.clone()
    agent.actor_critic.critic.heads[0].out.weight.data.normal_()
    agent.update(random_batch(BOX, ACTION))
    assert not torch.equal(agent.actor_critic.actor.head.out.weight, before)


def test_dropout_acts_in_updates_and_is_repeatable_whatever_others_have_drawn():
    text = TextConfig(embed=16, heads=2, layers=1, out=8, decoder_rank=4, dropout=0.3)
    batch, runs = random_batch(SMALL_GAME, ACTION), []
    for dropout, others_seed in ((0.3, 1), (0.3, 2), (0.0, 1)):
        config = small(text=dataclasses.replace(text, dropout=dropout))
        torch.manual_seed(others_seed)
        runs.append(build(SMALL_GAME, config=config).update(batch).metrics)
    assert runs[0] == runs[1] != runs[2]


def test_dropout_does_not_disturb_acting_after_an_update():
    text = TextConfig(embed=16, heads=2, layers=1, out=8, decoder_rank=4, dropout=0.5)
    agent, batch = build(SMALL_GAME, config=small(text=text)), random_batch(SMALL_GAME, ACTION)
    agent.update(batch)
    obs, first = observation_of(batch), np.ones(3, bool)
    twice = [agent.filter(obs, agent.initial_state(3), batch.action[:, 0], first) for _ in "ab"]
    assert torch.equal(twice[0].stoch, twice[1].stoch)
    embeddings = [agent.world_model.encoder(agent._tensors(obs, 3)) for _ in "ab"]
    assert torch.equal(*embeddings)


# those of critic and optimiser are in test_switches.py, in numbers
SWITCHES = {
    "core": {"rssm": RSSMConfig(deter=32, hidden=16, stoch=4, classes=4, core="gru")},
    "unimix": {"rssm": RSSMConfig(deter=32, hidden=16, stoch=4, classes=4, blocks=4, unimix=0.0)},
    "kl": {"kl": preset("notes").kl},
    "literal kl": {"kl": dataclasses.replace(preset("notes").kl, kind="notes")},
    "twohot": {"twohot": preset("notes").twohot},
    "actor unimix": {"actor": dataclasses.replace(preset("paper", "xs").actor, unimix=0.0)},
    "no continue discount": {
        "imagination": dataclasses.replace(preset().imagination, discount_in_continue=False)
    },
    "last": {"imagination": dataclasses.replace(preset().imagination, last=2)},
    "stem": {"image": dataclasses.replace(preset().image, stem="nature")},
    "levels": {"modalities": {"screen": {"likelihood": "categorical"}}},
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_switch_changes_learning_and_still_learns(switch):
    batch = random_batch(SMALL_GAME, ACTION)
    plain, changed = build(SMALL_GAME), build(SMALL_GAME, config=small(**SWITCHES[switch]))
    for _ in range(3):
        a, b = plain.update(batch).metrics, changed.update(batch).metrics
    assert a != b
    assert all(np.isfinite(value) for value in b.values())


# Saving


def test_a_restored_agent_continues_bit_for_bit():
    batches = [random_batch(SMALL_GAME, ACTION, seed=seed) for seed in range(4)]
    agent = build(SMALL_GAME)
    for batch in batches[:2]:
        agent.update(batch)
    saved = [
        {name: value.clone() for name, value in part().items()}
        for part in (agent.state_dict, agent.optimizer_state, agent.rng_state)
    ]
    expected = [agent.update(batch).metrics for batch in batches[2:]]
    other = build(SMALL_GAME, seed=99)
    other.load_state_dict(saved[0])
    other.load_optimizer_state(saved[1])
    other.set_rng_state(saved[2])
    assert [other.update(batch).metrics for batch in batches[2:]] == expected
    obs = observation_of(batches[0])
    actions = [a.act(obs, a.initial_state(3), np.ones(3, bool))[0] for a in (agent, other)]
    np.testing.assert_array_equal(*actions)


def test_weights_of_another_configuration_are_refused_by_name():
    with pytest.raises(CheckpointError, match="names that differ"):
        build().load_state_dict(build(config=small("notes")).state_dict())
    wider = dataclasses.replace(small().rssm, deter=64)
    with pytest.raises(CheckpointError, match="another size"):
        build().load_state_dict(build(config=small(rssm=wider)).state_dict())


def test_the_spec_names_keys_modalities_and_actions():
    spec = build(SMALL_GAME).spec
    assert spec["observation"]["visited_mask"]["modality"] == "mask"
    assert spec["action"]["classes"] == [4]
