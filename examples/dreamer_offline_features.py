"""Record play, learn a world model from the recording alone, and export its features.

python examples/dreamer_offline_features.py [--env pokered_env:PokeRed-v0] [--steps 300]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from dreamer_agent import TrainConfig, preset, train
from dreamer_agent.cli import main as dreamer


def main() -> None:
    """Do in three steps what `dreamer train`, `train --offline` and `export` do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="pokered_env:PokeRed-v0")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())

    print("1. Record (a run without updates is a recorder)")
    config = TrainConfig(
        env=options.env,
        run_dir=str(folder / "recording"),
        env_steps=options.steps,
        replay_ratio=0,
        threads=1,
        video_every_steps=0,
        agent=preset("paper", size="xs"),
    )
    recording = train(config)

    print("2. Learn a world model from it, without an environment")
    sizes = ["--size", "xs", "--batch-size", "4", "--sequence-length", "16", "--threads", "1"]
    where = ["--offline", str(recording / "replay"), "--run-dir", str(folder / "model")]
    status = dreamer(["train", *where, *sizes, "--replay-ratio", "4"])

    print("3. Export the features of every recorded row")
    out = folder / "features.npz"
    replay = ["--replay", str(recording / "replay")]
    status += dreamer(["export", str(folder / "model"), "--out", str(out), *replay])
    with np.load(out) as table:
        print({name: table[name].shape for name in table.files})
    raise SystemExit(status)


if __name__ == "__main__":
    main()
