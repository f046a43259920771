"""Every example runs as it stands, with fewer steps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = {
    "demo.py": ["--minutes", "0.05", "--play-steps", "20"],
    "dreamer_offline_features.py": ["--steps", "100"],
    "dreamer_own_loop.py": ["--steps", "100"],
    "dreamer_train_cartpole.py": ["--steps", "230"],
    "hybrid_masks.py": ["--dreamer-steps", "300", "--steps", "512"],
    "hybrid_other_algorithms.py": ["--dreamer-steps", "100", "--steps", "300"],
    "hybrid_ppo_on_features.py": ["--dreamer-steps", "300", "--steps", "512"],
    "show_observations.py": [],
}


def run(name: str, directory: Path) -> str:
    """Run an example in a directory and return what it printed."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *QUICK[name]],
        cwd=directory,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_every_example_is_known_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(QUICK)


@pytest.mark.parametrize("name", [name for name in QUICK if name != "demo.py"])
def test_example_runs(name: str, tmp_path: Path) -> None:
    if name == "hybrid_masks.py":
        pytest.importorskip("sb3_contrib")
    assert run(name, tmp_path).strip()


def test_the_demo_leaves_a_dream_and_a_play(tmp_path: Path) -> None:
    assert "play →" in run("demo.py", tmp_path)
    (directory,) = (tmp_path / "runs").iterdir()
    for film in ("dream.webp", "play.webp"):
        assert (directory / film).read_bytes()[8:12] == b"WEBP"
