"""A run without a world model makes one first, from random play, and can be stopped meanwhile."""

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import torch
from dreamer_agent import (
    Agent,
    EpisodeRows,
    Replay,
    RunDirectory,
    load,
    preset,
)
from dreamer_agent import ConfigError as DreamerConfigError
from hybrid_ppo import (
    ConfigError,
    CoTrainConfig,
    HybridConfig,
    PPOConfig,
    PretrainingStopped,
    evaluate,
    load_config,
    load_run,
    train,
)
from hybrid_ppo.cli import main
from runs import assert_same

PRETRAIN = {"batch_size": 2, "sequence_length": 16, "replay_ratio": 1.0}


def settings(run_dir: Path, **changes: Any) -> HybridConfig:
    config = HybridConfig(
        env="CartPole-v1",
        size="xs",
        pretrain_steps=100,
        pretrain=PRETRAIN,
        run_dir=run_dir,
        steps=64,
        device="cpu",
        ppo=PPOConfig(n_steps=32, batch_size=32),
        cotrain=CoTrainConfig(updates_per_rollout=1, batch_size=2, sequence_length=8),
    )
    return dataclasses.replace(config, **changes)


def test_a_world_model_is_made_from_random_play(tmp_path: Path) -> None:
    run = train(settings(tmp_path / "run"))
    saved = RunDirectory(run / "pretrain" / "world").load_newest()
    assert int(saved.optimizer["world_model.num_steps"]) == 3  # 100 rows and more, 32 an update
    assert int(saved.optimizer["actor.num_steps"]) == 0
    weights = load_run(run)[1].state_dict()
    assert all(torch.equal(weights[name], value) for name, value in saved.model.items())
    assert len(evaluate(run, 1)) == 1
    assert load(run / "world_model").num_parameters > 0


def test_an_untrained_world_model_can_be_asked_for(tmp_path: Path) -> None:
    run = train(settings(tmp_path / "run", pretrain_steps=0, seed=3))
    weights = load_run(run)[1].state_dict()
    env = gym.make("CartPole-v1")
    fresh = Agent(env.observation_space, env.action_space, preset("paper", "xs"), seed=3)
    state = fresh.state_dict()
    assert all(torch.equal(weights[name], state[name]) for name in state)


def test_co_training_begins_with_the_rows_of_random_play(tmp_path: Path) -> None:
    run = train(settings(tmp_path / "run", freeze_world_model=False, video_every_steps=64))
    rows = [
        sum(b - a for spans in Replay.open(place, 2, 8).spans() for a, b in spans)
        for place in (run / "pretrain" / "data" / "replay", run / "replay")
    ]
    assert rows[1] >= rows[0] + 64
    saved: Any = RunDirectory(run).load_newest()
    assert int(saved.optimizer["world_model"]["world_model.num_steps"]) == 4


def test_dreamers_report_draws_a_hybrid_run(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run = train(settings(tmp_path / "run", freeze_world_model=False, steps=128))
    from dreamer_agent.logging.report import write_report

    page = write_report(run).read_text()
    for title in ("Return", "Losses", "Latents", "Entropy", "How far learning moves"):
        assert f"<h2>{title}" in page
    assert "n_steps: 32" in page


@pytest.mark.parametrize("stop_at", [20, 90])
def test_making_the_world_model_can_be_stopped_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    calls = []

    def note(function: Any) -> Any:
        def noted(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)
            return function(*arguments)

        return noted

    config = settings(tmp_path / "part", pretrain={**PRETRAIN, "replay_ratio": 20.0})
    with monkeypatch.context() as patch:
        patch.setattr(EpisodeRows, "step", note(EpisodeRows.step))  # 50 calls, then 65 updates
        patch.setattr(Replay, "sample", note(Replay.sample))
        with pytest.raises(PretrainingStopped, match="the same command goes on"):
            train(config)
    train(config)
    if stop_at == 20:
        assert_same(config.run_dir, train(dataclasses.replace(config, run_dir=tmp_path / "whole")))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"env": None}, ConfigError, "--world-model.*--env CartPole-v1"),
        ({"world_model": Path("runs/any")}, ConfigError, "leave out either"),
        ({"pretrain": {"batch_sice": 2}}, DreamerConfigError, "did you mean batch_size"),
    ],
)
def test_a_start_that_cannot_be_is_refused(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        train(settings(tmp_path / "run", **changes))
    assert not (tmp_path / "run").exists()


CONFIG = """
env: CartPole-v1
size: xs
pretrain_steps: 40
pretrain: {batch_size: 2, sequence_length: 16, replay_ratio: 1.0}
steps: 64
ppo: {n_steps: 32, batch_size: 32, units: [16]}
"""


def test_a_configuration_file_says_what_flags_say(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(CONFIG)
    words = ["train", "--config", str(tmp_path / "run.yaml"), "--run-dir", str(tmp_path / "run")]
    assert main([*words, "--ppo.n-epochs", "2"]) == 0
    config = load_config(tmp_path / "run")
    assert config.ppo == PPOConfig(n_steps=32, batch_size=32, units=(16,), n_epochs=2)
    assert config.pretrain["batch_size"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ppo: {n_step: 3}", "ppo.n_step: unknown field; did you mean n_steps?"),
        ("ppo: {n_steps: 0}", "ppo.n_steps is 0"),
        ("steps: yes", "steps must be a number, not true or false"),
        ("env: [", "is not valid YAML"),
    ],
)
def test_a_bad_configuration_file_is_one_clear_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (tmp_path / "run.yaml").write_text(text)
    assert main(["train", "--config", str(tmp_path / "run.yaml")]) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_modules_of_a_foreign_configuration_file_need_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.yaml").write_text("env: masked_env:Masked-v0")
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    words = ["train", "--config", str(tmp_path / "run.yaml"), "--run-dir", str(tmp_path / "run")]
    assert main(words) == 2
    assert "belongs to another user" in capsys.readouterr().err
