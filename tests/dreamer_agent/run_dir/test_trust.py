from __future__ import annotations

import os

import pytest
from dreamer_agent.cli import main
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.loading import load
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.run_dir.trust import check_trust, imported_modules
from dreamer_agent.training.trainer import train
from tiny import tiny_config

needs_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner here")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    return train(
        tiny_config(path, env="counting_env:Counting-v0", env_steps=40, eval_every_steps=0)
    )


@pytest.fixture
def of_another_user(monkeypatch):
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)


def test_modules_are_those_of_the_environment_and_the_wrappers():
    config = TrainConfig(env="a.b:Id-v0", wrappers=("c:f", "a.b:g", "d:h"))
    assert imported_modules(config) == ["a.b", "c", "d"]
    assert imported_modules(TrainConfig(env="CartPole-v1")) == []


def test_nothing_to_import_is_nothing_to_say(tmp_path):
    assert check_trust(tmp_path / "missing.yaml", [], False) is None


def test_what_a_run_imports_is_said_first(run, capsys):
    assert main(["eval", str(run), "--episodes", "1"]) == 0
    assert f"importing counting_env, named in {run / 'config.yaml'}" in capsys.readouterr().err
    assert main(["train", "--resume", str(run), "--env-steps", "41"]) == 0
    assert "importing counting_env" in capsys.readouterr().err


@needs_owners
@pytest.mark.usefixtures("of_another_user")
def test_a_run_of_another_user_imports_nothing_without_trust(run, capsys):
    for command in (["eval", str(run), "--episodes", "1"], ["train", "--resume", str(run)]):
        assert main(command) == 2
        message = capsys.readouterr().err
        assert "imports counting_env" in message and "--trust" in message
    with pytest.raises(RunDirectoryError, match="counting_env"):
        load(run)
    assert load(run, trust=True)
    assert main(["eval", str(run), "--episodes", "1", "--trust"]) == 0


@needs_owners
@pytest.mark.usefixtures("of_another_user")
def test_what_the_user_names_needs_no_trust_and_what_a_file_names_does(run, tmp_path, capsys):
    assert main(["eval", str(run), "--episodes", "1", "--env", "counting_env:Counting-v0"]) == 0
    file = tmp_path / "run.yaml"
    file.write_text("wrappers: [counting_env:f]\n")
    assert main(["train", "--config", str(file), "--run-dir", str(tmp_path / "run")]) == 2
    assert "imports counting_env" in capsys.readouterr().err
