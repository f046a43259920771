"""Damaged and foreign directories among the checkpoints neither end a run nor cost it anything."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.directory import RunDirectory
from dreamer_agent.training.keeping import Keeper
from dreamer_agent.training.trainer import train
from tiny import tiny_config


def names(run):
    return [path.name for path in checkpoint.list_checkpoints(run / "checkpoints")]


def files_of(run):
    return {
        path: path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and not path.name.startswith(".lock")
    }


@pytest.mark.parametrize("part", ["training", "model"])
def test_a_torn_checkpoint_is_passed_over_and_outlived(tmp_path, part):
    config = {"eval_every_steps": 0, "keep_checkpoints": 2, "save_every_s": 1e-6}
    run = train(tiny_config(tmp_path / "run", env_steps=60, **config))
    assert names(run) == ["step_000000000058", "step_000000000060"]
    torn = checkpoint.latest(run / "checkpoints") / f"{part}.safetensors"
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    with pytest.warns(UserWarning, match="step_000000000060 is damaged"):
        train(tiny_config(run, env_steps=100, **config), resume=True)
    assert names(run) == ["step_000000000098", "step_000000000100"]
    for path in checkpoint.list_checkpoints(run / "checkpoints"):
        checkpoint.load(path)


def test_a_torn_checkpoint_does_not_take_the_place_of_a_whole_one(tmp_path):
    (tmp_path / "step_000000000005").mkdir()
    for step in (1, 2, 6):
        checkpoint.save(tmp_path, checkpoint.Checkpoint(step, {}, {}, {}, {}))
    counted = {checkpoint.name_of(step) for step in (1, 2, 6, 7)}
    checkpoint.save(tmp_path, checkpoint.Checkpoint(7, {}, {}, {}, {}), 3, counted)
    kept = [path.name[-1] for path in checkpoint.list_checkpoints(tmp_path)]
    assert kept == ["2", "5", "6", "7"]


def test_what_is_not_named_like_a_checkpoint_is_none(tmp_path):
    checkpoint.save(tmp_path, checkpoint.Checkpoint(3, {}, {}, {}, {}))
    for name in ("step_backup", "step_4", "step_000000000004.old"):
        shutil.copytree(tmp_path / "step_000000000003", tmp_path / name)
    (tmp_path / "step_000000000009").write_text("a file")
    assert checkpoint.latest(tmp_path).name == "step_000000000003"
    checkpoint.save(tmp_path, checkpoint.Checkpoint(5, {}, {}, {}, {}), keep=1)
    left = {path.name for path in tmp_path.iterdir()} - {"step_000000000005"}
    assert left == {"step_backup", "step_4", "step_000000000004.old", "step_000000000009"}


def test_an_old_checkpoint_that_cannot_be_deleted_is_a_warning(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, checkpoint.Checkpoint(3, {}, {}, {}, {}))

    def refuse(self, target):
        if "_old" in target.name:
            raise PermissionError("not yours")
        return original(self, target)

    original = Path.rename
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.warns(UserWarning, match="Could not delete the old checkpoint"):
        checkpoint.save(tmp_path, checkpoint.Checkpoint(4, {}, {}, {}, {}), keep=1)
    assert len(checkpoint.list_checkpoints(tmp_path)) == 2


def test_a_run_without_checkpoints_is_not_resumed_and_not_touched(tmp_path):
    run = train(tiny_config(tmp_path / "run", env_steps=60, eval_every_steps=0))
    shutil.rmtree(run / "checkpoints")
    before = files_of(run)
    with pytest.raises(RunDirectoryError, match="no checkpoint to resume from"):
        train(tiny_config(run, env_steps=100), resume=True)
    with pytest.raises(RunDirectoryError, match=r"already holds a run\. Choose another"):
        train(tiny_config(run, env_steps=100))
    (run / "config.yaml").unlink()
    (run / "metrics.jsonl").unlink()
    with pytest.raises(RunDirectoryError, match="already holds a run"):  # rows are work, too
        train(tiny_config(run, env_steps=100))
    after = files_of(run)
    assert {path: before[path] for path in after} == after and len(after) == len(before) - 2


def test_ctrl_c_while_loading_is_no_damage(tmp_path, monkeypatch):
    run = train(tiny_config(tmp_path / "run", env_steps=40, eval_every_steps=0))
    load_file, read = checkpoint.load_file, []

    def interrupted(path):
        if not read:
            os.kill(os.getpid(), signal.SIGINT)
        read.append(path.name)
        return load_file(path)

    monkeypatch.setattr(checkpoint, "load_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Keeper(RunDirectory(run), 3).resume()
    assert len(read) == 3, "it was read to the end first"
