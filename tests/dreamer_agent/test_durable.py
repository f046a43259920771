"""What a checkpoint refers to is on disk when it appears, as far as the system can promise it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from dreamer_agent.durable import sync
from dreamer_agent.training.trainer import train
from tiny import metrics_of, tiny_config


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="names of open files come from /proc"
)
def test_before_a_checkpoint_appears_its_files_and_their_names_are_on_disk(tmp_path, monkeypatch):
    fsync, rename = os.fsync, Path.rename
    synced, at_checkpoint = set(), []

    def note(handle):
        synced.add(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    def check(self, target):
        if target.name.startswith("step_"):
            at_checkpoint.append(set(synced))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "rename", check)
    run = train(tiny_config(tmp_path / "run", env_steps=80, eval_every_steps=0))
    (before,) = at_checkpoint
    segments = set(run.glob("replay/stream_*/rows_*.chunks"))
    assert segments and segments <= before
    assert {path.parent for path in segments} <= before
    assert {run, run / "metrics.jsonl", run / "replay"} <= before
    assert run / "checkpoints" in synced


def test_a_system_that_cannot_sync_directories_trains_all_the_same(tmp_path, monkeypatch):
    fsync = os.fsync

    def refuse(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not for directories")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse)
    train(tiny_config(tmp_path / "run", env_steps=60, eval_every_steps=0))
    train(tiny_config(tmp_path / "run", env_steps=80, eval_every_steps=0), resume=True)
    assert metrics_of(tmp_path / "run")[-1]["env_steps"] == 80


def test_a_file_whose_bytes_cannot_be_kept_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        sync(tmp_path / "nothing")
