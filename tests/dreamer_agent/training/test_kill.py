"""Runs stopped at random moments, or by a full disk, end as if they had not been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "kill.py"


KILLS = 50


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process's files")
def test_runs_stopped_anywhere_are_the_same_in_the_end():
    command = [sys.executable, str(SCRIPT), "--kills", str(KILLS), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    kinds = ("anywhere", "save", "log", "evaluate", "disk full")
    assert [counts[kind] for kind in kinds] == [KILLS / len(kinds)] * len(kinds)
    assert counts["identical_runs"] == counts["runs"] > 0
