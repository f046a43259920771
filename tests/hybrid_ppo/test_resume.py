"""A run that was stopped or killed goes on, bit for bit as if it had not been."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from dreamer_agent import ConfigError as DreamerConfigError
from dreamer_agent import Keeper, RunDirectory, RunDirectoryError
from dreamer_agent import train as train_dreamer
from hybrid_ppo import PPOConfig, VectorEnvAdapter, evaluate, train
from hybrid_ppo.cli import main
from runs import assert_same, dreamer_config, hybrid_config, metrics

_MAIN = "import sys; from hybrid_ppo.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def world_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_dreamer(dreamer_config(tmp_path_factory.mktemp("dreamer") / "run"))


@pytest.fixture(scope="module")
def whole(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Runs that nobody stopped, frozen and co-trained."""
    root = tmp_path_factory.mktemp("whole")
    return {
        freeze: train(hybrid_config(world_model, root / str(freeze), freeze))
        for freeze in (True, False)
    }


@pytest.mark.parametrize("freeze", [True, False])
def test_a_run_that_ended_goes_on_as_if_it_had_been_meant_to(
    world_model: Path, whole: dict[bool, Path], tmp_path: Path, freeze: bool
) -> None:
    settings = hybrid_config(world_model, tmp_path / "run", freeze)
    train(dataclasses.replace(settings, steps=64))
    train(dataclasses.replace(settings, steps=192), resume=True)
    train(settings, resume=True)
    assert_same(tmp_path / "run", whole[freeze])


def test_a_signal_ends_a_run_where_a_rollout_begins(
    world_model: Path,
    whole: dict[bool, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []

    def step_wait(env: VectorEnvAdapter, step_wait=VectorEnvAdapter.step_wait):
        steps.append(1)
        if len(steps) == 40:  # in the second rollout
            os.kill(os.getpid(), signal.SIGTERM)
        return step_wait(env)

    settings = hybrid_config(world_model, tmp_path / "run", freeze=False)
    monkeypatch.setattr(VectorEnvAdapter, "step_wait", step_wait)
    train(dataclasses.replace(settings, save_every_s=1000))
    assert RunDirectory(settings.run_dir).load_newest().step == 128
    train(settings, resume=True)
    assert_same(tmp_path / "run", whole[False])


def test_a_run_that_was_killed_goes_on(
    world_model: Path, whole: dict[bool, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["train", "--world-model", str(world_model), "--run-dir", str(run)]
    words += ["--no-freeze-world-model", "--save-every-s", "0", "--device", "cpu"]
    words += ["--steps", "256", "--ppo.n-steps", "32", "--ppo.batch-size", "32"]
    words += ["--cotrain.updates-per-rollout", "2", "--cotrain.batch-size", "2"]
    words += ["--cotrain.sequence-length", "8", "--cotrain.refilter-steps", "16"]
    # as many threads as here: the policy's first weights come from a decomposition that rounds
    # otherwise with more
    child = subprocess.Popen(
        [sys.executable, "-c", _MAIN, *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )
    deadline = time.monotonic() + 120
    while not (run / "metrics.jsonl").exists() or not metrics_of(run):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert len(evaluate(run, 1)) == 1
    assert main(["train", "--resume", str(run)]) == 0
    assert_same(run, whole[False])


def metrics_of(run: Path) -> list[object]:
    text = (run / "metrics.jsonl").read_text()
    return metrics(run) if text.endswith("\n") else []


def test_a_run_is_saved_before_its_first_step(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step_wait(env: VectorEnvAdapter) -> None:
        raise KeyboardInterrupt

    settings = hybrid_config(world_model, tmp_path / "run", freeze=True, save_every_s=1000)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(VectorEnvAdapter, "step_wait", step_wait)
        train(settings)
    assert RunDirectory(settings.run_dir).load_newest().step == 0
    train(dataclasses.replace(settings, steps=64), resume=True)


def test_a_run_killed_before_its_first_checkpoint_can_be_started_again(
    world_model: Path, whole: dict[bool, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: object) -> None:
        raise KeyboardInterrupt  # the rows are on disk by now, the checkpoint is not

    settings = hybrid_config(world_model, tmp_path / "run", freeze=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Keeper, "save", save)
        train(settings)
    assert list((tmp_path / "run" / "replay").glob("stream_*/rows_*.chunks"))
    train(settings)
    assert_same(tmp_path / "run", whole[False])


def test_rows_of_another_run_are_not_removed(world_model: Path, tmp_path: Path) -> None:
    rows = tmp_path / "run" / "replay" / "stream_0000" / "rows_000000000000.chunks"
    rows.parent.mkdir(parents=True)
    rows.write_bytes(b"mine")
    with pytest.raises(RunDirectoryError, match="already holds a run"):
        train(hybrid_config(world_model, tmp_path / "run", freeze=False))
    assert rows.read_bytes() == b"mine"


def test_what_would_make_it_another_run_cannot_be_changed(
    whole: dict[bool, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hybrid_ppo import load_config

    config = load_config(whole[True])
    changed = dataclasses.replace(config, num_envs=3, ppo=PPOConfig(n_steps=16))
    with pytest.raises(
        DreamerConfigError, match=r"num_envs: 2 in the run, 3 now\n  ppo.batch_size"
    ):
        train(changed, resume=True)
    assert main(["train", "--resume", str(whole[True]), "--seed", "4"]) == 2
    assert "seed: 0 in the run, 4 now" in capsys.readouterr().err


def test_a_recurrent_policy_keeps_its_memory(world_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("sb3_contrib")
    ppo = PPOConfig(algorithm="recurrent", n_steps=32, batch_size=32, lstm_size=8, n_epochs=1)
    settings = hybrid_config(world_model, tmp_path / "whole", True, ppo=ppo, steps=128)
    train(settings)
    part = dataclasses.replace(settings, run_dir=tmp_path / "part", steps=64)
    train(part)
    train(dataclasses.replace(part, steps=128), resume=True)
    assert_same(tmp_path / "part", tmp_path / "whole")
