"""Kill co-training runs at random moments, resume them, and compare with one never killed.

    python benchmarks/hybrid_kill.py --kills 20

A run killed while its world model is made, or before its first checkpoint, is started anew by the
same command, as its user would.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from dreamer_agent import RunDirectory

_MAIN = "import sys; from hybrid_ppo.cli import main; sys.exit(main(sys.argv[1:]))"
_CONFIG = """
env: CartPole-v1
size: xs
pretrain_steps: 200
pretrain: {batch_size: 2, sequence_length: 16, replay_ratio: 1.0}
freeze_world_model: false
steps: 1024
save_every_s: 0
video_every_steps: 0
device: cpu
ppo: {n_steps: 32, batch_size: 32}
cotrain: {updates_per_rollout: 2, batch_size: 2, sequence_length: 8, capacity: 400}
"""


def start(run: Path, config: Path) -> subprocess.Popen[str]:
    """Begin a run, or go on with it."""
    has_checkpoint = any(run.glob("checkpoints/step_*"))
    source = ["--resume", str(run)] if has_checkpoint else ["--config", str(config)]
    words = ["train", *source, *([] if has_checkpoint else ["--run-dir", str(run)])]
    command = [sys.executable, "-c", _MAIN, *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end, which must be a good one."""
    _, errors = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"A run ended with status {process.returncode}:\n{errors}")


def is_equal(value: Any, other: Any) -> bool:
    """Whether two trees of tensors are the same to the bit."""
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(is_equal(value[k], other[k]) for k in value)
    return torch.equal(value, other) if isinstance(value, torch.Tensor) else value == other


def is_same(run: Path, whole: Path) -> bool:
    """Whether two runs logged the same, and have the same weights and optimisers."""
    saved, expected = (RunDirectory(path).load_newest() for path in (run, whole))
    pairs = ((saved.model, expected.model), (saved.optimizer, expected.optimizer))
    return metrics(run) == metrics(whole) and all(is_equal(a, b) for a, b in pairs)


def metrics(run: Path) -> list[dict[str, float]]:
    """What was logged, without timings."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not k.startswith("system/")} for line in lines]


def main() -> None:
    """Kill, resume, compare; one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, root = random.Random(options.seed), Path(tempfile.mkdtemp())
    config = root / "run.yaml"
    config.write_text(_CONFIG)
    whole, began = root / "whole", time.monotonic()
    finish(start(whole, config))
    usual = time.monotonic() - began
    kills = runs = same = 0
    while kills < options.kills:
        run = root / f"run_{runs}"
        for _ in range(3):
            process = start(run, config)
            try:
                process.wait(timeout=rng.uniform(0, usual))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            process.communicate()
        finish(start(run, config))
        runs += 1
        same += is_same(run, whole)
    print(json.dumps({"kills": kills, "runs": runs, "runs_bit_for_bit": same}))


if __name__ == "__main__":
    main()
