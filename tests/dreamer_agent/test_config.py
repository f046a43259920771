from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pydantic
import pytest
import torch
from dreamer_agent import presets
from dreamer_agent.behaviour.actor_critic import ActorCritic
from dreamer_agent.config import AgentConfig, ImageConfig, RSSMConfig
from dreamer_agent.errors import ConfigError
from dreamer_agent.model.world_model import WorldModel
from dreamer_agent.presets import SIZES, preset
from dreamer_agent.run_dir.train_config import preset_config
from dreamer_agent.spaces.actions import action_spec
from dreamer_agent.spaces.observation import observation_specs
from gymnasium import spaces

IMAGE = spaces.Box(0, 255, (64, 64, 3), np.uint8)
ACTION = spaces.Discrete(7)


def count_parameters(config, observation=IMAGE):
    with torch.device("meta"):
        action = action_spec(ACTION)
        world_model = WorldModel(observation_specs(observation, config), action, config)
        behaviour = ActorCritic(world_model.rssm.feature_size, action, config)
    parameters = [*world_model.parameters(), *behaviour.parameters()]
    return sum(param.numel() for param in parameters if param.requires_grad)


def with_stem(config, stem):
    return dataclasses.replace(config, image=dataclasses.replace(config.image, stem=stem))


def test_the_nature_network_has_exactly_the_official_number_of_parameters():
    config = preset("paper", "50m")
    config = dataclasses.replace(
        config,
        rssm=dataclasses.replace(config.rssm, deter=512),
        image=ImageConfig(stem="nature", depth=32),
    )
    # danijar/dreamerv3 at deter 512, hidden 512, units 512, 32x32 latents, depth 32
    assert count_parameters(config, spaces.Box(0, 255, (64, 64, 1), np.uint8)) == 14_098_567


# nature stem, a 64x64x3 image, 7 actions
PARAMETERS = {
    "xs": 414_969,
    "1m": 686_585,
    "12m": 10_493_129,
    "25m": 23_487_785,
    "50m": 41_648_009,
    "100m": 93_465_161,
    "200m": 165_944_585,
    "400m": 372_890_249,
}


def leaves(config):
    def walk(value, path):
        if isinstance(value, dict) and value:
            for key, part in value.items():
                yield from walk(part, f"{path}.{key}" if path else key)
        else:
            yield path, value

    return dict(walk(dataclasses.asdict(config), ""))


def test_paper_departs_from_published_in_what_is_listed_where_presets_are_defined():
    paper, published = (leaves(preset_config(name)) for name in ("paper", "published"))
    differs = {
        name: (paper[name], published[name]) for name in paper if paper[name] != published[name]
    }
    assert differs == {
        "agent.image.stem": ("tile", "nature"),
        "agent.precision": ("float32", "bfloat16"),
        "agent.actor.unimix": (0.01, 0.0),
        "replay.context_every": (8, 1),
        "replay.capacity": (2_000_000, 5_000_000),
        "eval_mode": ("greedy", "sample"),
    }
    page = Path(__file__).parents[2] / "docs" / "explanation" / "published.md"
    for name in differs:
        assert f"`{name.removeprefix('agent.')}" in presets.__doc__.replace("``", "`")
        assert f"| `{name}` |" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES)
def test_sizes_have_exactly_the_parameters_they_had(size):
    assert count_parameters(with_stem(preset("paper", size), "nature")) == PARAMETERS[size]


@pytest.mark.parametrize("size", SIZES[1:])
def test_sizes_have_about_the_parameters_they_are_named_for(size):
    named = 1e6 * float(size.removesuffix("m"))
    assert 0.65 * named < PARAMETERS[size] < 1.15 * named


def test_sizes_grow():
    counts = [count_parameters(preset("paper", size)) for size in SIZES]
    assert counts == sorted(counts)


def test_paper_has_the_papers_numbers():
    config = preset("paper", "12m")
    assert (config.rssm.deter, config.rssm.hidden, config.rssm.classes) == (2048, 256, 16)
    assert (config.kl.dyn, config.kl.rep, config.kl.free_nats) == (1.0, 0.1, 1.0)
    assert (config.imagination.horizon, config.imagination.lam) == (15, 0.95)
    assert config.actor.entropy == 3e-4
    assert (config.critic.slow_rate, config.critic.replay_loss) == (0.02, 0.3)
    optimizer = config.optimizer
    assert (optimizer.lr, optimizer.agc, optimizer.eps) == (4e-5, 0.3, 1e-20)
    assert optimizer.warmup_steps == 1000


def test_notes_switch_what_the_notes_describe():
    config = preset("notes")
    assert (config.rssm.core, config.rssm.deter) == ("gru", 512)
    assert (config.rssm.stoch, config.rssm.classes) == (32, 32)
    assert (config.critic.num_critics, config.critic.reduce) == (2, "min")
    assert (config.critic.target, config.critic.slow_rate) == ("slow", 0.01)
    assert (config.twohot.kind, config.optimizer.kind) == ("symlog", "adam")
    text = config.text
    assert (text.embed, text.heads, text.layers, text.out, text.dropout) == (128, 4, 2, 128, 0.0)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="paper, published, notes"):
        preset("papier")
    with pytest.raises(ConfigError, match="400m"):
        preset("paper", "2m")


def test_unknown_fields_and_values_are_refused():
    with pytest.raises(pydantic.ValidationError, match="core"):
        RSSMConfig(core="lstm")
    with pytest.raises(pydantic.ValidationError, match="horizont"):
        AgentConfig(horizont=3)


def test_configurations_do_not_change_once_made():
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset().rssm.deter = 3
