"""Learning from a stored replay is stopped, saved and logged like any other run."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
from dreamer_agent.cli import main
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.train_config import LogConfig
from dreamer_agent.training.offline import train_offline
from dreamer_agent.training.trainer import train
from tiny import metrics_of, tiny_config


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    config = tiny_config(tmp_path_factory.mktemp("runs") / "run", env_steps=120, prefill_steps=120)
    return train(replace(config, eval_every_steps=0)) / "replay"


def config_of(run_dir, **changes):
    plain = {"num_envs": 1, "env_steps": 1_000_000, "prefill_steps": 1024, "eval_every_steps": 0}
    return tiny_config(run_dir, **{**plain, "eval_episodes": 5, **changes})


def test_records_count_the_rows_worked_through(stored, tmp_path, capsys):
    rows = Replay.open(stored, 3, 8).stats().rows
    updates = rows * 8 // 24
    lines = metrics_of(train_offline(config_of(tmp_path / "run"), stored))
    assert sorted({line["env_steps"] // 20 for line in lines}) == [*range(1, rows // 20 + 1)]
    assert lines[-1]["env_steps"] == rows and lines[-1]["updates"] == updates
    assert all(line["latent/kl"] > 0 for line in lines)
    assert f"Done after {updates} updates" in capsys.readouterr().out


def test_ctrl_c_saves_what_was_learned_and_ends_well(stored, tmp_path, capsys):
    def on_record(rows, scalars):
        if rows >= 40:
            os.kill(os.getpid(), signal.SIGINT)

    run = train_offline(config_of(tmp_path / "run"), stored, on_record)
    saved = checkpoint.load(checkpoint.latest(run / "checkpoints"))
    assert 40 <= saved.step < 60
    assert "Stopped" in capsys.readouterr().out
    assert main(["dream", str(run), "--replay", str(stored), "--horizon", "5"]) == 0


def test_checkpoints_are_written_on_the_way(stored, tmp_path):
    found = []

    def on_record(rows, scalars):
        found.append(len(checkpoint.list_checkpoints(tmp_path / "run" / "checkpoints")))

    train_offline(config_of(tmp_path / "run", save_every_s=1e-3), stored, on_record)
    assert found[1] > 0 and max(found) == 3


def test_videos_and_tensorboard_come_as_configured(stored, tmp_path):
    pytest.importorskip("tensorboard")
    log = LogConfig(every_steps=20, tensorboard=True)
    run = train_offline(config_of(tmp_path / "run", log=log, video_every_steps=60), stored)
    assert len(list((run / "videos").glob("*.webp"))) == 2
    assert list((run / "tensorboard").glob("events*"))


def test_what_needs_an_environment_is_refused_on_the_command_line(stored, tmp_path, capsys):
    flags = ["train", "--offline", str(stored), "--run-dir", str(tmp_path / "run")]
    assert main([*flags, "--eval-every-steps", "10", "--num-envs", "2"]) == 2
    message = capsys.readouterr().err
    assert "num_envs=2, eval_every_steps=10" in message and "no environment" in message
    assert main([*flags, "--resume", str(stored.parent)]) == 2
    assert "cannot be resumed" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_needs_an_environment_in_a_file_is_named(stored, tmp_path, capsys):
    train_offline(config_of(tmp_path / "run", num_envs=2, replay_ratio=1), stored)
    assert "no effect: num_envs=2" in capsys.readouterr().out
