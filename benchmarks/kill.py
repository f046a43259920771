"""Kill runs at random moments, resume them, and compare them bit for bit with one never killed.

    python benchmarks/kill.py --kills 50

Half of the kills come at any moment, imports and loading included; half aim at a checkpoint being
written. A run killed before its first checkpoint begins anew, as its user would have to.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from dreamer_agent.run_dir import checkpoint

_MAIN = "import sys; from dreamer_agent.cli import main; sys.exit(main(sys.argv[1:]))"
_SIZES = "--size xs --agent.rssm.deter 16 --agent.rssm.hidden 8 --agent.rssm.blocks 2".split()
_RUN = (
    "--env CartPole-v1 --num-envs 2 --env-steps 400 --prefill-steps 40 --batch-size 3 "
    "--sequence-length 8 --replay-ratio 8 --replay.chunk-length 16 --replay.context-every 4 "
    "--replay.capacity 200 --eval-every-steps 100 --eval-episodes 2 --video-every-steps 150 "
    "--log.every-steps 20 --save-every-s 0.1 --device cpu --threads 1"
).split()


def start(run: Path) -> subprocess.Popen[str]:
    """Begin a run, or go on with it."""
    if checkpoint.latest(run / "checkpoints"):
        arguments = ["--resume", str(run)]
    else:
        shutil.rmtree(run, ignore_errors=True)
        arguments = [*_SIZES, *_RUN, "--run-dir", str(run)]
    command = [sys.executable, "-c", _MAIN, "train", *arguments]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=subprocess.PIPE, text=True)


def wait_to_kill(
    process: subprocess.Popen[str], run: Path, rng: random.Random, usual: float
) -> None:
    """Wait for a random moment, or for a checkpoint to be begun; less if the run ends."""
    aimed = rng.random() < 0.5
    deadline = time.monotonic() + (60.0 if aimed else rng.uniform(0, 1.5 * usual))
    skipped = rng.randrange(6)
    seen = set(run.glob("checkpoints/.tmp_step_*"))
    while process.poll() is None and time.monotonic() < deadline:
        new = set(run.glob("checkpoints/.tmp_step_*")) - seen if aimed else set()
        seen |= new
        skipped -= len(new)
        if skipped < 0:
            time.sleep(rng.uniform(0, 0.02))
            return
        time.sleep(0.0005 if aimed else 0.01)


def result_of(run: Path) -> tuple[list[dict[str, float]], dict[str, torch.Tensor]]:
    """Metrics without timings and paths, and the weights."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    metrics = [
        {k: v for k, v in line.items() if not k.startswith("system/") and k != "dream"}
        for line in lines
    ]
    newest = checkpoint.latest(run / "checkpoints")
    assert newest is not None
    return metrics, dict(checkpoint.load(newest, ("model",)).model)


def is_same(run: Path, whole: Path) -> bool:
    """Whether two runs have the same metrics and the same weights, to the bit."""
    (metrics, weights), (others, other) = result_of(run), result_of(whole)
    same = weights.keys() == other.keys()
    return metrics == others and same and all(torch.equal(weights[k], other[k]) for k in weights)


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end, which must be a good one."""
    _, errors = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"A resumed run ended with status {process.returncode}:\n{errors}")


def main() -> None:
    """Kill, resume, compare; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    kills, ended, identical = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        started = time.monotonic()
        finish(start(whole))
        usual = time.monotonic() - started
        while kills < options.kills or ended == 0:
            run = Path(folder) / f"run_{ended}"
            while True:
                process = start(run)
                if kills < options.kills:
                    wait_to_kill(process, run, rng, usual)
                    if process.poll() is None:
                        process.kill()
                        process.communicate()
                        kills += 1
                        continue
                finish(process)
                break
            ended += 1
            identical += is_same(run, whole)
    print(json.dumps({"kills": kills, "runs": ended, "identical_runs": identical}))
    if identical < ended:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
