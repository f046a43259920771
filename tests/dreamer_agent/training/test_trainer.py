"""A run can be stopped, killed and resumed at any moment without leaving a trace in its metrics."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dreamer_agent.errors import (
    ConfigError,
    EnvError,
    RunDirectoryError,
    SpacesMismatchError,
)
from dreamer_agent.replay import Replay, ReplayConfig
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.run_config import save_run_config
from dreamer_agent.run_dir.train_config import load_yaml
from dreamer_agent.training.trainer import train
from tiny import assert_same_run, interrupt_after, metrics_of, tiny_config, weights_of


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(tiny_config(tmp_path_factory.mktemp("runs") / "whole"))


def test_a_run_learns_logs_and_evaluates(uninterrupted):
    lines = metrics_of(uninterrupted)
    assert [line["env_steps"] for line in lines if "updates" in line] == list(range(20, 241, 20))
    assert [line["env_steps"] for line in lines if "eval/return" in line] == [100, 200]
    assert lines[-1]["updates"] == (240 - 40) * 8 // 24
    assert "loss/reward" in lines[-1] and any("episode/return" in line for line in lines)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(uninterrupted, tmp_path):
    assert_same_run(uninterrupted, train(tiny_config(tmp_path / "same")))
    other = train(tiny_config(tmp_path / "other", seed=1))
    assert metrics_of(uninterrupted) != metrics_of(other)


def test_evaluating_and_filming_change_nothing_of_what_is_learned(uninterrupted, tmp_path):
    run = train(tiny_config(tmp_path / "run", eval_every_steps=0, video_every_steps=60))
    assert list((run / "videos").glob("*.webp"))
    learned = [
        [line for line in metrics_of(path) if "updates" in line] for path in (uninterrupted, run)
    ]
    assert learned[0] == learned[1]
    a, b = weights_of(uninterrupted), weights_of(run)
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("steps", [[20], [60, 120, 180]])
def test_ctrl_c_and_resume_leave_no_trace(uninterrupted, tmp_path, steps):
    config = tiny_config(tmp_path / "run")
    for number, step in enumerate(steps):
        train(config, resume=number > 0, on_record=interrupt_after(step))
        saved = checkpoint.latest(tmp_path / "run" / "checkpoints")
        assert saved is not None and checkpoint.load(saved).step < 240
    train(config, resume=True)
    assert_same_run(uninterrupted, tmp_path / "run")


@pytest.mark.parametrize("change", [{"capacity": 70}, {"boundary": "within"}, {"burn_in": 8}])
def test_forgetting_sequences_within_episodes_and_burn_in_resume_exactly(tmp_path, change):
    config = tiny_config(tmp_path / "whole", env_steps=160, eval_every_steps=0)
    config = replace(config, replay=replace(config.replay, **change))
    train(config)
    cut = replace(config, run_dir=str(tmp_path / "cut"))
    for number, step in enumerate((80, 120)):
        train(cut, resume=number > 0, on_record=interrupt_after(step))
    train(cut, resume=True)
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


def test_frequent_checkpoints_and_no_prefetch_change_nothing(uninterrupted, tmp_path):
    config = tiny_config(tmp_path / "run", save_every_s=0.2)
    train(replace(config, replay=replace(config.replay, prefetch=False)))
    assert_same_run(uninterrupted, tmp_path / "run")
    assert len(checkpoint.list_checkpoints(tmp_path / "run" / "checkpoints")) == 3


def test_an_older_checkpoint_can_be_returned_to(uninterrupted, tmp_path):
    config = tiny_config(tmp_path / "run", save_every_s=0.1)
    train(config, on_record=interrupt_after(160))
    for path in checkpoint.list_checkpoints(tmp_path / "run" / "checkpoints")[1:]:
        shutil.rmtree(path)
    train(config, resume=True)
    assert_same_run(uninterrupted, tmp_path / "run")


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(uninterrupted, tmp_path):
    config = tiny_config(tmp_path / "run", save_every_s=0.1)
    train(config, on_record=interrupt_after(160))
    newest = checkpoint.latest(tmp_path / "run" / "checkpoints")
    (newest / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged"):
        train(config, resume=True)
    assert_same_run(uninterrupted, tmp_path / "run")


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import torch
from dreamer_agent.training.trainer import train
from dreamer_agent.run_dir import checkpoint
from tiny import tiny_config
torch.set_num_threads(1)
config = tiny_config({run!r}, save_every_s={save_every_s})
train(config, resume=checkpoint.latest(Path({run!r}) / "checkpoints") is not None)
"""


def spawn(run, save_every_s=0.1):
    code = CHILD.format(
        tests=str(Path(__file__).parents[1]), run=str(run), save_every_s=save_every_s
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def wait_for_progress(run, process, seconds=60.0):
    """Wait until the run has written more than it had; True if it ended instead."""
    before = newest_change(run)
    deadline = time.monotonic() + seconds
    while newest_change(run) == before and time.monotonic() < deadline:
        if process.poll() is not None:
            return True
        time.sleep(0.01)
    return False


def newest_change(run):
    paths = (run / "checkpoints").glob("step_*")
    return max((path.stat().st_mtime_ns for path in paths if path.exists()), default=0)


def test_kill_9_and_resume_leave_no_trace(uninterrupted, tmp_path):
    run, ended, kills = tmp_path / "run", False, 0
    while not ended:
        process = spawn(run)
        ended = wait_for_progress(run, process)
        time.sleep(0.02 * (kills % 5))
        if kills >= 4 or ended:
            assert process.wait(120) == 0, process.stderr.read().decode()
            ended = True
        else:
            process.kill()
            process.wait()
            kills += 1
        process.stderr.close()
    assert kills >= 2
    assert_same_run(uninterrupted, run)


def test_a_second_trainer_on_the_same_run_is_refused(tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=100)
    errors = []

    def on_record(env_steps, scalars):
        if env_steps == 40:
            with pytest.raises(RunDirectoryError, match=f"pid {os.getpid()}"):
                train(config, resume=True)
            errors.append(True)

    train(config, on_record=on_record)
    assert errors


def test_a_new_run_does_not_overwrite_an_old_one(uninterrupted):
    with pytest.raises(RunDirectoryError, match=r"already holds a run.*--resume"):
        train(tiny_config(uninterrupted))


def test_a_start_that_failed_at_once_does_not_block_its_directory(tmp_path):
    with pytest.raises(EnvError):
        train(tiny_config(tmp_path / "run", env="NoSuchEnv-v0"))
    train(tiny_config(tmp_path / "run", env_steps=40))


@pytest.mark.parametrize("env", ["Pendulum-v1", "FrozenLake-v1"])
def test_other_spaces_and_sequences_within_episodes_train_too(tmp_path, env):
    config = tiny_config(tmp_path / "run", env=env, env_steps=120, eval_every_steps=0)
    train(replace(config, replay=replace(config.replay, boundary="within")))
    assert metrics_of(tmp_path / "run")[-1]["updates"] > 0


def test_an_action_mask_in_info_is_stored_learned_and_honoured(tmp_path):
    config = tiny_config(
        tmp_path / "run",
        env="counting_env:Counting-v0",
        env_kwargs={"masks": True},
        env_steps=120,
        eval_every_steps=60,
    )
    train(config)
    assert any("loss/action_mask" in line for line in metrics_of(tmp_path / "run"))
    replay = Replay.open(tmp_path / "run" / "replay", 2, 8)
    for stream in range(2):
        ((start, stop),) = replay.spans()[stream]
        rows = replay.read(stream, start, stop)
        allowed = rows["obs/action_mask"][np.arange(stop - start - 1), rows["action"][1:]]
        assert allowed[~rows["is_first"][1:]].all(), "an action was taken that the mask forbids"


def test_an_unwritable_run_directory_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="Cannot write to the run directory"):
        train(tiny_config(tmp_path / "file" / "run"))


def test_resuming_what_is_no_run_says_so(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a run"):
        train(tiny_config(tmp_path / "nothing"), resume=True)


def test_a_resumed_run_may_go_on_longer_but_not_change_its_model(tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=60)
    train(config)
    train(replace(config, env_steps=100), resume=True)
    assert metrics_of(tmp_path / "run")[-1]["env_steps"] == 100
    bigger = replace(config.agent, rssm=replace(config.agent.rssm, deter=32))
    with pytest.raises(ConfigError, match=r"agent\.rssm\.deter: 16 in the run, 32 now"):
        train(replace(config, agent=bigger), resume=True)
    with pytest.raises(ConfigError, match=r"replay\.boundary"):
        train(replace(config, replay=ReplayConfig(boundary="within")), resume=True)


@pytest.mark.parametrize(("ratio", "new_updates"), [(16, 20 * 16 // 24), (2, 20 * 2 // 24)])
def test_another_replay_ratio_counts_from_the_resume_on(tmp_path, ratio, new_updates):
    config = tiny_config(tmp_path / "run", env_steps=100, eval_every_steps=0)
    train(config)
    done = (100 - 40) * 8 // 24
    assert metrics_of(tmp_path / "run")[-1]["updates"] == done
    train(replace(config, env_steps=120, replay_ratio=ratio), resume=True)
    assert metrics_of(tmp_path / "run")[-1]["updates"] == done + new_updates
    train(replace(config, env_steps=160, replay_ratio=ratio), resume=True)
    assert metrics_of(tmp_path / "run")[-1]["updates"] == done + 60 * ratio // 24


def test_an_environment_with_other_spaces_is_named_key_by_key(tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=60)
    train(config)
    saved = replace(load_yaml(tmp_path / "run" / "config.yaml"), env="Acrobot-v1")
    save_run_config(saved, tmp_path / "run" / "config.yaml")
    replay = tmp_path / "run" / "replay"
    before = {path: path.read_bytes() for path in replay.rglob("*") if path.is_file()}
    with pytest.raises(SpacesMismatchError, match=r"observation.*shape.*\[4\].*\[6\]"):
        train(saved, resume=True)
    assert {path: path.read_bytes() for path in replay.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("NoSuchEnv-v0", "No environment 'NoSuchEnv-v0'"),
        ("no_such_module:Env-v0", "Cannot import 'no_such_module'"),
    ],
)
def test_an_unknown_environment_is_one_clear_error(tmp_path, env, message):
    with pytest.raises(EnvError, match=message):
        train(tiny_config(tmp_path / "run", env=env))


def test_time_can_end_a_run_which_then_resumes(uninterrupted, tmp_path):
    config = tiny_config(tmp_path / "run")
    train(replace(config, stop_after_minutes=1 / 6000))
    assert metrics_of(tmp_path / "run")[-1:] != metrics_of(uninterrupted)[-1:]
    train(config, resume=True)
    assert_same_run(uninterrupted, tmp_path / "run")


def test_training_works_outside_the_main_thread(tmp_path):
    worker = threading.Thread(target=train, args=(tiny_config(tmp_path / "run", env_steps=40),))
    worker.start()
    worker.join()
    assert metrics_of(tmp_path / "run")[-1]["env_steps"] == 40


def test_what_is_optional_does_not_end_a_run(uninterrupted, tmp_path, monkeypatch):
    def fails(env_steps, scalars):
        raise ConnectionResetError("gone")

    def no_film(*arguments):
        raise OSError("no codec")

    monkeypatch.setattr("dreamer_agent.dream.film.save_dream", no_film)
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").write_text("no directory")
    log = replace(tiny_config(tmp_path).log, tensorboard=True)
    config = tiny_config(tmp_path / "run", video_every_steps=60, log=log)
    with pytest.warns(UserWarning) as caught:
        train(config, on_record=fails)
    messages = [str(warning.message) for warning in caught]
    for name in ("TensorBoard", "on_record", "The dream video"):
        assert sum(message.startswith(f"{name} failed") for message in messages) == 1
    assert_same_run(uninterrupted, tmp_path / "run")
