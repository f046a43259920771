"""Scoring a run executes no code of its files, unless a flag allows it."""

import dataclasses
import pickle
from pathlib import Path

import pytest
from dreamer_agent import ConfigError as DreamerConfigError
from dreamer_agent import train as train_dreamer
from hybrid_ppo import ConfigError, evaluate, load_run, train
from hybrid_ppo.cli import main
from runs import dreamer_config, hybrid_config


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    world_model = train_dreamer(dreamer_config(root / "world"))
    return train(hybrid_config(world_model, root / "run", freeze=True, steps=64))


def test_a_run_is_loaded_without_pickle(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert len(evaluate(run, 1)) == 1
    assert not list(run.rglob("*.zip")) + list(run.rglob("*.pkl")) + list(run.rglob("*.pt"))


def test_a_file_of_sb3s_needs_a_flag(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, model = load_run(run)
    path = tmp_path / "policy.zip"
    model.save(path)
    with pytest.raises(ConfigError, match="runs whatever code is in it"):
        evaluate(run, 1, policy=path)
    words = ["eval", "--run-dir", str(run), "--episodes", "2", "--policy", str(path)]
    assert main(words) == 2
    assert "--allow-pickle" in capsys.readouterr().err
    assert main([*words, "--allow-pickle"]) == 0
    assert capsys.readouterr().out.startswith("2 episodes: mean")
    assert evaluate(run, 2, policy=path, allow_pickle=True) == evaluate(run, 2)


def test_policy_and_filter_are_on_the_device_asked_for(run: Path) -> None:
    config, agent, model = load_run(run)
    assert agent.device.type == model.device.type == config.device == "cpu"
    with pytest.raises(DreamerConfigError, match="device='nowhere' cannot be used"):
        train(dataclasses.replace(config, device="nowhere", steps=128), resume=True)
