"""A run directory is claimed by one process, and never overwritten."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.directory import RunDirectory, default_run_dir

HOLDER = """
import sys, time
from pathlib import Path
from dreamer_agent.run_dir.directory import RunDirectory
run = RunDirectory(Path(sys.argv[1])); run.create(); run.lock()
print("locked", flush=True)
time.sleep(60)
"""


def test_the_default_name_says_which_environment():
    assert default_run_dir("pokered_env:PokeRed-v0").name.startswith("pokered-v0-")


def test_a_lock_is_exclusive_and_freed_by_kill_9(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
    run = RunDirectory(tmp_path)
    with pytest.raises(RunDirectoryError, match=f"pid {holder.pid}"):
        run.lock()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    run.lock()
    run.unlock()


def test_a_directory_with_work_in_it_is_not_taken(tmp_path):
    run = RunDirectory(tmp_path)
    run.create()
    run.config.write_text("env: x")
    run.create()
    run.metrics.write_text("{}\n")
    with pytest.raises(RunDirectoryError, match="already holds a run"):
        run.create()


def test_a_path_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="Cannot write to the run directory"):
        RunDirectory(Path(tmp_path / "file" / "run")).create()
