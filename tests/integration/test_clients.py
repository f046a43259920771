"""Other libraries take the environment: those whose wheels this environment carries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / "examples" / "clients"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-it-with.md"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sb3_contrib", "tianshou", "minari", "torchrl"])
def test_it_works_with(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(CLIENTS / f"with_{name}.py")],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"^(sb3-contrib|tianshou|minari|torchrl) \d", done.stdout, re.MULTILINE)


def test_every_client_names_what_it_needs_and_stands_on_the_page() -> None:
    scripts = sorted(CLIENTS.glob("with_*.py"))
    assert scripts
    page = PAGE.read_text("utf-8")
    for script in scripts:
        assert re.search(r"^# dependencies = \[\"", script.read_text("utf-8"), re.MULTILINE)
        assert f"examples/clients/{script.name}" in page


def test_the_runner_refuses_what_it_does_not_know() -> None:
    command = [sys.executable, str(CLIENTS / "run.py"), "nobody"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "sb3_contrib" in done.stderr
