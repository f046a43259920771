"""Stop runs at random moments, resume them, and compare them bit for bit with one never stopped.

    python benchmarks/kill.py --kills 50

The kinds take turns: killed at any moment (imports and loading included), while a checkpoint is
written, while a line of metrics is, while episodes are played to evaluate; and a disk that takes no
more (files may not grow beyond some size), where the run must end by itself: status 2, one message,
nothing half-written left. A run stopped before its first checkpoint begins anew, as its user would
have to. For Linux, which can limit another process's files.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Hashable
from pathlib import Path

import torch
from dreamer_agent.run_dir import checkpoint

_MAIN = "import sys; from dreamer_agent.cli import main; sys.exit(main(sys.argv[1:]))"
_SIZES = "--size xs --agent.rssm.deter 16 --agent.rssm.hidden 8 --agent.rssm.blocks 2".split()
_EVAL_STEPS = 100
_RUN = (
    "--env CartPole-v1 --num-envs 2 --env-steps 400 --prefill-steps 40 --batch-size 3 "
    "--sequence-length 8 --replay-ratio 8 --replay.chunk-length 16 --replay.context-every 4 "
    f"--replay.capacity 200 --eval-every-steps {_EVAL_STEPS} --eval-episodes 2 "
    "--video-every-steps 150 --log.every-steps 20 --save-every-s 0.1 --device cpu --threads 1"
).split()

_DISK_FULL = "disk full"
_LATEST_S = {"anywhere": 0.0, "save": 0.02, "log": 0.005, "evaluate": 0.1, _DISK_FULL: 0.5}
"""The kinds of moments, and how long after its sign such a moment may come."""
_MOST_BYTES = 30_000  # a file of these runs is smaller or larger than a limit drawn below this


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


def signs(kind: str, run: Path) -> set[Hashable]:
    """Names for what can be seen of such moments so far; each new one is another moment."""
    if kind == "save":
        return set(run.glob("checkpoints/.tmp_step_*"))
    metrics = run / "metrics.jsonl"
    lines = metrics.read_text().splitlines() if metrics.exists() else []
    if kind != "evaluate":
        return set(range(len(lines)))
    # the metrics of a step are written first, then it is evaluated
    return {n for n, line in enumerate(lines) if _is_before_evaluation(line)}


def _is_before_evaluation(line: str) -> bool:
    if not line.endswith("}"):  # being written
        return False
    record = json.loads(line)
    return record["env_steps"] % _EVAL_STEPS == 0 and "updates" in record


def wait(
    kind: str, process: subprocess.Popen[str], run: Path, rng: random.Random, usual: float
) -> None:
    """Wait for a moment of this kind; less if the run ends."""
    anywhere = kind == "anywhere"
    deadline = time.monotonic() + (rng.uniform(0, 1.5 * usual) if anywhere else 60.0)
    skipped = rng.randrange(2 if kind == "evaluate" else 6)
    seen = signs(kind, run)
    while process.poll() is None and time.monotonic() < deadline:
        new = set() if anywhere else signs(kind, run) - seen
        seen |= new
        skipped -= len(new)
        if skipped < 0:
            break
        time.sleep(0.01 if anywhere else 0.0005)
    time.sleep(rng.uniform(0, _LATEST_S[kind]))


def stop(kind: str, process: subprocess.Popen[str], run: Path, rng: random.Random) -> bool:
    """Kill the run or fill its disk; returns False if it had ended by itself before."""
    if process.poll() is not None:
        return False
    if kind != _DISK_FULL:
        process.kill()
        process.communicate()
        return True
    limit = rng.randrange(_MOST_BYTES)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    if process.wait(timeout=600) == 0:
        return False
    _, errors = process.communicate()
    left = [str(path) for path in run.rglob(".tmp_*")]
    if process.returncode != 2 or "Traceback" in errors or left:
        raise SystemExit(f"On a full disk: status {process.returncode}, {left} left:\n{errors}")
    return True


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
    """Stop, resume, compare; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    kinds = list(_LATEST_S)
    stops: Counter[str] = Counter()
    ended, identical = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        started = time.monotonic()
        finish(start(whole))
        usual = time.monotonic() - started
        while stops.total() < options.kills or ended == 0:
            run = Path(folder) / f"run_{ended}"
            while stops.total() < options.kills:
                kind = min(kinds, key=lambda kind: stops[kind])
                process = start(run)
                wait(kind, process, run, rng, usual)
                if not stop(kind, process, run, rng):
                    break
                stops[kind] += 1
                print(
                    f"{stops.total()}: {kind}, {identical} of {ended} runs",
                    file=sys.stderr,
                    flush=True,
                )
            else:
                process = start(run)
            finish(process)
            ended += 1
            identical += is_same(run, whole)
            shutil.rmtree(run)
    print(json.dumps({"kills": stops.total(), **stops, "runs": ended, "identical_runs": identical}))
    if identical < ended:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
