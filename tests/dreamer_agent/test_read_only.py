"""A run that may only be read (another's, an archive's) is read; who must write says so."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys

import pytest
from dreamer_agent.training.trainer import train
from tiny import tiny_config

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
RUN_ALL = """
import contextlib, io, json, sys
from dreamer_agent.cli import main
for arguments in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    print(json.dumps([status, out.getvalue(), err.getvalue()]))
"""


def obey_modes():
    """Take from root what lets it write anywhere; everybody else lacks it already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


@pytest.fixture
def run(tmp_path):
    path = train(tiny_config(tmp_path / "run", env_steps=60, eval_every_steps=0))
    paths = [path, *path.rglob("*")]
    for inner in paths:
        inner.chmod(0o555 if inner.is_dir() else 0o444)
    yield path
    for inner in paths:
        inner.chmod(0o755)
    shutil.rmtree(path)


def contents(run):
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_read_only_run_is_read_and_who_must_write_into_it_says_so(run, tmp_path):
    before = contents(run)
    horizon = ("--horizon", "4")
    reads = [
        ["eval", str(run), "--episodes", "1"],
        ["dream", str(run), *horizon, "--out", str(tmp_path / "dream.png")],
        ["export", str(run), "--out", str(tmp_path / "features.npz")],
        ["report", str(run), "--out", str(tmp_path / "report.html")],
    ]
    writes = [
        ["dream", str(run), *horizon],
        ["report", str(run)],
        ["export", str(run), "--out", str(run / "features.npz")],
        ["train", "--resume", str(run), "--env-steps", "80"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        input=json.dumps(reads + writes),
        capture_output=True,
        text=True,
        preexec_fn=obey_modes,
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [status for status, _, _ in results[:4]] == [0] * 4, results
    for status, _, said in results[4:]:
        assert status == 2 and "Cannot write" in said and "Permission denied" in said
    assert contents(run) == before
