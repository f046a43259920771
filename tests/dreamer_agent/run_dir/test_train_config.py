"""Defaults < preset < YAML < flags, and every bad field is named."""

from __future__ import annotations

import dataclasses

import pytest
import yaml
from dreamer_agent.errors import ConfigError
from dreamer_agent.presets import preset
from dreamer_agent.run_dir.run_config import save_run_config
from dreamer_agent.run_dir.train_config import (
    TrainConfig,
    from_mapping,
    load_yaml,
    parse_flags,
    preset_config,
)
from dreamer_agent.training.config_changes import check_resumable


def test_yaml_gives_back_what_was_saved(tmp_path):
    config = TrainConfig(
        env="x:Y-v0",
        env_kwargs={"a": [1, {"b": None}]},
        agent=preset("notes", "12m"),
        stop_after_minutes=2.5,
    )
    save_run_config(config, tmp_path / "config.yaml")
    assert load_yaml(tmp_path / "config.yaml") == config


def test_a_partial_yaml_overrides_only_its_fields(tmp_path):
    (tmp_path / "c.yaml").write_text("agent: {rssm: {deter: 64}}\nreplay_ratio: 2\n")
    base = TrainConfig(agent=preset("paper", "12m"), seed=7)
    config = load_yaml(tmp_path / "c.yaml", base)
    assert config.agent.rssm.deter == 64 and config.replay_ratio == 2
    assert config.seed == 7 and config.agent.rssm.hidden == base.agent.rssm.hidden


def test_modalities_can_be_set_in_yaml():
    config = from_mapping({"agent": {"modalities": {"text": {"loss_scale": 0.5}}}})
    assert config.agent.modalities["text"].loss_scale == 0.5


def test_preset_notes_also_keeps_sequences_within_episodes():
    config = preset_config("notes", "xs")
    assert config.replay.boundary == "within" and config.replay.context_every == 0
    assert config.agent == preset("notes", "xs")
    assert preset_config() == TrainConfig(agent=preset("paper", "1m"))


def test_flags_override_yaml():
    config = parse_flags(["--agent.rssm.deter", "32", "--log.tensorboard", "True"], TrainConfig())
    assert config.agent.rssm.deter == 32 and config.log.tensorboard


def test_environment_arguments_are_json_on_the_command_line():
    config = parse_flags(["--env-kwargs", '{"max_steps": 5}'], TrainConfig())
    assert config.env_kwargs == {"max_steps": 5}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sed": 1}, r"sed: unknown field; did you mean seed\?"),
        ({"agent": {"rssm": {"deterr": 1}}}, r"agent\.rssm\.deterr: unknown field; did you mean"),
        ({"agent": {"rssm": {"deter": "big"}}}, r"agent\.rssm\.deter: .*integer.*'big'"),
        ({"batch_size": 0}, r"batch_size: .*greater than 0.*0"),
        ({"replay": {"boundary": "inside"}}, r"replay\.boundary: .*'cross' or 'within'"),
        ({"log": 3}, r"log: "),
        ({"zzz": 1}, r"zzz: unknown field; known here: env, "),
    ],
)
def test_a_bad_field_is_named_with_its_value(values, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(values)


def agent(**parts):
    return {"agent": parts}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 2**64}, r"seed: .*less than 18446744073709551616 \(got 18446744073709551616\)"),
        (agent(rssm={"blocks": 7}), r"agent\.rssm\.blocks=7 must divide deter=512"),
        (agent(rssm={"unimix": 1}), r"agent\.rssm\.unimix: .*less than 1 \(got 1"),
        (agent(actor={"unimix": 1.5}), r"agent\.actor\.unimix: .*less than 1 \(got 1\.5"),
        (agent(actor={"min_std": 2}), r"agent\.actor\.min_std=2\.0 must be at most max_std=1\.0"),
        (agent(text={"heads": 3}), r"agent\.text\.heads=3 must divide embed=128"),
        (agent(text={"dropout": 2}), r"agent\.text\.dropout: .*less than 1 \(got 2"),
        (agent(twohot={"bins": 254}), r"agent\.twohot\.bins=254 must be odd and at least 3"),
        (agent(twohot={"bins": 1}), r"agent\.twohot\.bins=1 must be odd and at least 3"),
        (agent(optimizer={"beta1": 1}), r"agent\.optimizer\.beta1: .*less than 1 \(got 1"),
        (agent(optimizer={"beta2": 1}), r"agent\.optimizer\.beta2: .*less than 1 \(got 1"),
        (agent(critic={"slow_rate": 2}), r"agent\.critic\.slow_rate: .*or equal to 1 \(got 2"),
        (agent(kl={"balance": 2}), r"agent\.kl\.balance: .*or equal to 1 \(got 2"),
        (agent(imagination={"lam": 2}), r"agent\.imagination\.lam: .*or equal to 1 \(got 2"),
        (
            agent(imagination={"discount_horizon": 0.5}),
            r"agent\.imagination\.discount_horizon: .*greater than 1 \(got 0\.5",
        ),
        (
            agent(imagination={"return_scale_rate": 2}),
            r"agent\.imagination\.return_scale_rate: .*or equal to 1 \(got 2",
        ),
        (
            {"sequence_length": 16, **agent(imagination={"last": 17})},
            r"agent\.imagination\.last=17 must be at most sequence_length=16",
        ),
        (
            {"sequence_length": 32, "replay": {"capacity": 20}},
            r"replay\.capacity=20 must be at least 39.*num_envs=1.*sequence_length=32",
        ),
        (
            {"sequence_length": 32, "num_envs": 4, "replay": {"capacity": 100}},
            r"replay\.capacity=100 must be at least 156.*num_envs=4.*sequence_length=32",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_field_value_and_what_is_allowed(values, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(values)


def test_what_can_just_work_is_not_refused():
    from_mapping(
        {"seed": 2**64 - 1, **agent(twohot={"bins": 3}, rssm={"core": "gru", "blocks": 7})}
    )
    replay = {"capacity": 4 * 39}
    last = agent(imagination={"last": 32, "lam": 1}, actor={"min_std": 1, "unimix": 0})
    from_mapping({"sequence_length": 32, "num_envs": 4, "replay": replay, **last})


def test_all_bad_fields_are_named_at_once():
    with pytest.raises(ConfigError, match=r"2 bad field\(s\)(.|\n)*batch_size(.|\n)*sed"):
        from_mapping({"sed": 1, "batch_size": -1})


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [1", "not valid YAML"), ("- 1", "must hold fields and values, not list")],
)
def test_a_file_that_is_no_configuration_is_named(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=rf"c\.yaml.*{message}"):
        load_yaml(tmp_path / "c.yaml")


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "c.yaml").write_bytes("env: Café-v0".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"c\.yaml is not text in UTF-8 \(byte 8\)"):
        load_yaml(tmp_path / "c.yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file"):
        load_yaml(tmp_path / "nowhere.yaml")


def test_an_empty_yaml_is_all_defaults(tmp_path):
    (tmp_path / "c.yaml").write_text("")
    assert load_yaml(tmp_path / "c.yaml") == TrainConfig()


def test_resuming_may_change_the_schedule_but_not_the_model():
    saved = TrainConfig()
    check_resumable(saved, dataclasses.replace(saved, env_steps=5, stop_after_minutes=1.0))
    with pytest.raises(ConfigError, match=r"num_envs: 1 in the run, 2 now"):
        check_resumable(saved, dataclasses.replace(saved, num_envs=2))
    with pytest.raises(ConfigError, match=r"env_kwargs\.x: None in the run, 1 now"):
        check_resumable(saved, dataclasses.replace(saved, env_kwargs={"x": 1}))


def test_every_field_is_documented():
    import ast
    import inspect

    from dreamer_agent import replay
    from dreamer_agent.run_dir import train_config

    def undocumented(source, names):
        classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
        for node in (node for node in classes if node.name in names):
            for field, after in zip(node.body, [*node.body[1:], None], strict=True):
                documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                simple = isinstance(field, ast.AnnAssign) and field.target.id not in (
                    "agent",
                    "replay",
                    "log",
                )
                if simple and not documented:
                    yield f"{node.name}.{field.target.id}"

    for module, names in (
        (train_config, ("TrainConfig", "LogConfig")),
        (replay.replay, ("ReplayConfig",)),
    ):
        assert list(undocumented(inspect.getsource(module), names)) == []


def test_saved_yaml_is_plain(tmp_path):
    save_run_config(TrainConfig(agent=preset("notes")), tmp_path / "c.yaml")
    assert "!" not in (tmp_path / "c.yaml").read_text()
    assert yaml.safe_load((tmp_path / "c.yaml").read_text())["env"] == "CartPole-v1"
