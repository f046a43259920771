"""Output into terminals and files that lack our letters: Windows' cp1252, and plain ASCII."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAIN = (
    "train --env CartPole-v1 --size xs --env-steps 60 --prefill-steps 50 --batch-size 2 "
    "--sequence-length 16 --video-every-steps 0"
).split()


def run(module: str, *words: str, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; from {module} import main; sys.exit(main())", *words],
        env={
            **os.environ,
            "PYTHONIOENCODING": encoding,
            "PYTHONUTF8": "0",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr.decode(encoding, "replace")[-800:]
    assert done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_training_and_every_help_are_printed(tmp_path: Path, encoding: str) -> None:
    run("dreamer_agent.cli", *TRAIN, "--run-dir", str(tmp_path / "run"), encoding=encoding)
    run("dreamer_agent.cli", "train", "--help", encoding=encoding)
    run("hybrid_ppo.cli", "train", "--help", encoding=encoding)
    run("pokered_env.tools.cli", "doctor", "--steps", "20", encoding=encoding)
