"""Runs killed at random moments end as if they had not been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "kill.py"


@pytest.mark.slow
def test_runs_killed_anywhere_are_the_same_in_the_end():
    command = [sys.executable, str(SCRIPT), "--kills", "12", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["kills"] == 12 and counts["identical_runs"] == counts["runs"] > 0
