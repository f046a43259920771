"""How fast a run is from end to end, and where its time goes; the last line printed is JSON.

python benchmarks/collect_speed.py                       collecting between and beside updates
python benchmarks/collect_speed.py --collect beside --threads 1

A short run on the open cartridge after a warm-up that is not counted; each way of collecting in a
process of its own, turn by turn. ``share_*`` is wall-clock time of each part over that of the run:
beside updates they add up to more than 1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dreamer_agent import Agent, Replay, train
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.run_dir.train_config import from_mapping, preset_config

PARTS: dict[str, tuple[type, str]] = {
    "act": (Agent, "act"),
    "env": (EpisodeRows, "step"),
    "add": (Replay, "add"),
    "sample": (Replay, "sample"),
    "update": (Agent, "update"),
}
WAYS = ("between", "beside")


class Clock:
    """Adds up the time spent in each part, between the first record of the log and the last."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.marks: list[tuple[float, float, int, float, dict[str, float]]] = []
        for name, (owner, method) in PARTS.items():
            setattr(owner, method, self._timed(name, getattr(owner, method)))

    def _timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds[name] += time.perf_counter() - start

        return timed

    def mark(self, env_steps: int, scalars: dict[str, float]) -> None:
        """Note a line of the log."""
        now, cpu = time.perf_counter(), time.process_time()
        self.marks.append((now, cpu, env_steps, scalars["updates"], dict(self.seconds)))

    def result(self) -> dict[str, float]:
        """Rates and shares from the first line of the log with updates to the last."""
        first = next(mark for mark in self.marks if mark[3] > 0)
        last = self.marks[-1]
        wall = last[0] - first[0]
        shares = {f"share_{n}": (last[4][n] - first[4][n]) / wall for n in PARTS}
        return {
            "env_steps_per_s": (last[2] - first[2]) / wall,
            "updates_per_s": (last[3] - first[3]) / wall,
            "cpu_seconds_per_second": (last[1] - first[1]) / wall,
            **shares,
        }


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Run in this process."""
    per_update = options.batch * options.length / options.replay_ratio
    steps = max(options.envs, round(per_update))
    values = {
        "env": "pokered_env:PokeRed-v0",
        "num_envs": options.envs,
        "collect": options.collect,
        "threads": options.threads,
        "acting_threads": options.acting_threads,
        "batch_size": options.batch,
        "sequence_length": options.length,
        "replay_ratio": options.replay_ratio,
        "prefill_steps": 1024,
        "env_steps": 1024 + (options.updates + 2) * steps,
        "video_every_steps": 0,
        "save_every_s": 1e6,
        "device": "cpu",
        "log": {"every_steps": steps},
    }
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        values["run_dir"] = str(Path(folder) / "run")
        train(from_mapping(values, preset_config("paper", options.size)), on_record=clock.mark)
    return clock.result()


def measure_apart(way: str, argv: list[str]) -> dict[str, float]:
    """Run in a process of its own."""
    command = [sys.executable, __file__, *argv, "--collect", way, "--here"]
    environment = {**os.environ, "WANDB_MODE": "disabled"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure each way in turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collect", choices=(*WAYS, "both"), default="both")
    parser.add_argument("--size", default="1m")
    parser.add_argument("--envs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=0, help="for updates; 0: as a run chooses")
    parser.add_argument("--acting-threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--replay-ratio", type=float, default=32.0)
    parser.add_argument("--updates", type=int, default=20, help="updates that count")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(options)))
        return
    ways = WAYS if options.collect == "both" else (options.collect,)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            found[way].append(measure_apart(way, sys.argv[1:]))
            print(way, json.dumps(found[way][-1]), flush=True)
    medians = {
        way: {name: round(statistics.median(r[name] for r in runs), 3) for name in runs[0]}
        for way, runs in found.items()
    }
    settings = {k: v for k, v in vars(options).items() if k not in ("here", "collect")}
    print(json.dumps({**settings, **medians}))


if __name__ == "__main__":
    main()
