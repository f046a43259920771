"""Measure the replay on recorded play of the open cartridge; the last line printed is JSON.

python benchmarks/replay.py                                 bytes, milliseconds, memory
python benchmarks/replay.py --baseline ../other-checkout    compared with it, turn by turn

What is played (at random, at random with sticky buttons, and the walkthrough from power-on to the
ending) is recorded once. Each measurement is a process of its own that stores these rows over and
over, ``--steps`` in all, one stream for each way of playing, on disk and with latents, and draws
a batch now and then as training does. Then batches are timed, decoded when they are asked for,
and every recorded row is read back and compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from dreamer_agent import Replay, TrainConfig, make_row
from dreamer_agent.run_dir.train_config import preset_config
from numpy.typing import NDArray
from pokered_env import PokeRedEnv
from pokered_env.recording.episode import Episode

ROOT = Path(__file__).parent.parent
WALKTHROUGH = ROOT / "tests" / "pokered_env" / "cartridge" / "walkthrough.episode"
PLAYERS = ("random", "sticky", "walkthrough")
STICKY = 0.75
EPISODE_STEPS = 6_000
STEPS_PER_BATCH = 256
BATCHES = {"16x64": (16, 64), "8x32": (8, 32)}
ROUNDS = 30
PACKAGES = ("pokered-env", "dreamer-agent", "hybrid-ppo")

Columns = dict[str, NDArray[Any]]


def actions(player: str, rng: np.random.Generator, num_actions: int) -> Iterator[int]:
    """Yield one episode's buttons; whoever has no more of its own presses at random."""
    if player == "walkthrough":
        yield from Episode.load(WALKTHROUGH).actions
    action = 0
    while True:
        if player != "sticky" or rng.random() > STICKY:
            action = int(rng.integers(num_actions))
        yield action


def play(player: str, num_rows: int, seed: int) -> list[dict[str, Any]]:
    """Play and return the rows."""
    env = PokeRedEnv(max_steps=EPISODE_STEPS)
    rng = np.random.default_rng(seed)
    options = {"state": "power_on"} if player == "walkthrough" else None
    rows: list[dict[str, Any]] = []
    over = True
    while len(rows) < num_rows:
        if over:
            obs, _ = env.reset(seed=None if rows else seed, options=options)
            rows.append(make_row(obs, 0, 0.0, is_first=True))
            buttons = actions(player, rng, int(env.action_space.n))
        action = next(buttons)
        obs, reward, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
        flags = {"is_last": over, "is_terminal": terminated}
        rows.append(make_row(obs, action, float(reward), **flags))
    env.close()
    return rows[:num_rows]


def record(directory: Path, num_rows: int) -> None:
    """Play in every way and write each column as one file."""
    for seed, player in enumerate(PLAYERS):
        rows = play(player, num_rows, seed)
        for name in rows[0]:
            column = np.stack([np.asarray(row[name]) for row in rows])
            np.save(directory / f"{player}.{name.replace('/', '+')}.npy", column)


def recorded(directory: Path, player: str) -> Columns:
    """Map the columns: what is only read from a file is not counted as memory of ours."""
    return {
        path.stem.split(".", 1)[1].replace("+", "/"): np.load(path, mmap_mode="r")
        for path in sorted(directory.glob(f"{player}.*.npy"))
    }


def open_replay(directory: Path, run: TrainConfig, shape: tuple[int, int]) -> Replay:
    """Make a replay whose batches are decoded when they are asked for."""
    env = PokeRedEnv()
    replay = Replay.for_spaces(
        env.observation_space,
        env.action_space,
        batch_size=shape[0],
        sequence_length=shape[1],
        num_streams=len(PLAYERS),
        config=dataclasses.replace(run.replay, prefetch=False),
        latent_sizes=run.latent_sizes,
        directory=directory,
    )
    env.close()
    return replay


def fill(replay: Replay, plays: list[Columns], steps: int, sizes: tuple[int, int, int]) -> float:
    """Add ``steps`` rows with their latents, drawing batches in between; seconds of adding."""
    rng = np.random.default_rng(0)
    deter = rng.uniform(-1, 1, (1, sizes[0])).astype(np.float32)
    stoch = rng.integers(sizes[2], size=(1, sizes[1]))
    length, seconds = len(plays[0]["reward"]), 0.0
    for number in range(steps):
        stream, index = number % len(plays), number // len(plays) % length
        row = {name: column[index] for name, column in plays[stream].items()}
        start = time.process_time()
        ids = np.array([replay.add(row, stream)])
        seconds += time.process_time() - start
        replay.write_latents(ids, deter, stoch)
        if number % STEPS_PER_BATCH == STEPS_PER_BATCH - 1 and replay.can_sample():
            replay.sample()
    return seconds


def is_lossless(replay: Replay, plays: list[Columns]) -> bool:
    """Whether every recorded row comes back bit for bit, in the dtype of its column."""
    dtypes = {field.name: np.dtype(field.dtype) for field in replay.fields}
    for stream, columns in enumerate(plays):
        length = min(len(columns["reward"]), replay.spans()[stream][0][1])
        for start in range(0, length, 512):
            stop = min(length, start + 512)
            for name, values in replay.read(stream, start, stop).items():
                stored = columns[name][start:stop].astype(dtypes[name])
                if values.tobytes() != stored.tobytes():
                    return False
    return True


def time_batches(replay: Replay) -> dict[str, float]:
    """Median milliseconds of one batch, on the wall and of the processor."""
    replay.sample()
    wall, cpu = [], []
    for _ in range(ROUNDS):
        start, cpu_start = time.perf_counter(), time.process_time()
        replay.sample()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return {"ms": 1e3 * statistics.median(wall), "cpu_ms": 1e3 * statistics.median(cpu)}


def own_memory_mb() -> float:
    """Resident memory without what is mapped from files, in MB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").open())
    return int(status["RssAnon"].split()[0]) / 1024


def measure(directory: Path, steps: int, size: str) -> dict[str, Any]:
    """Measure the packages this process imports."""
    plays = [recorded(directory, player) for player in PLAYERS]
    run = preset_config("paper", size)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        before = own_memory_mb()
        replay = open_replay(Path(folder), run, BATCHES["16x64"])
        seconds = fill(replay, plays, steps, run.latent_sizes)
        replay.save()
        stats = replay.stats()
        memory = own_memory_mb() - before
        lossless = is_lossless(replay, plays)
        replay.close()
        timed = {}
        for name, shape in BATCHES.items():
            replay = open_replay(Path(folder), run, shape)
            timed[name] = time_batches(replay)
            replay.close()
    return {
        "bytes_per_step": stats.bytes_per_row,
        "latent_bytes_per_step": stats.context_bytes_per_row,
        "total_bytes_per_step": stats.bytes_per_row + stats.context_bytes_per_row,
        **{f"sample_ms_{name}": times["ms"] for name, times in timed.items()},
        **{f"sample_cpu_ms_{name}": times["cpu_ms"] for name, times in timed.items()},
        "add_steps_per_s": steps / seconds,
        "replay_memory_mb": memory,
        "lossless": lossless,
    }


def measure_apart(checkout: Path, directory: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure a checkout's packages in a process of its own, on one thread."""
    sources = [str(checkout / "packages" / name / "src") for name in PACKAGES]
    environment = {"PYTHONPATH": os.pathsep.join(sources), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", str(directory)]
    command += ["--steps", str(options.steps), "--size", options.size]
    done = subprocess.run(
        command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Record, then measure this checkout and the other one in turns; medians."""
    sides = {"this": ROOT} | ({"baseline": options.baseline} if options.baseline else {})
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder), options.rows // len(PLAYERS))
        for _, (side, checkout) in itertools.product(range(options.rounds), sides.items()):
            found[side].append(measure_apart(checkout, Path(folder), options))
            print(side, json.dumps(found[side][-1]), flush=True)
    return {side: _medians(results) for side, results in found.items()}


def _medians(results: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = [name for name in results[0] if name != "lossless"]
    medians = {name: round(statistics.median(r[name] for r in results), 2) for name in numbers}
    return {**medians, "lossless": all(result["lossless"] for result in results)}


def main() -> None:
    """Measure what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=12_288, help="rows of recorded play")
    parser.add_argument("--steps", type=int, default=200_000, help="rows stored")
    parser.add_argument("--size", default="1m", help="size whose latents are kept")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each side")
    parser.add_argument("--baseline", type=Path, help="another checkout to compare with")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.steps, options.size)))
        return
    result = compare(options)
    settings = {name: getattr(options, name) for name in ("rows", "steps", "size", "rounds")}
    if not options.baseline:
        print(json.dumps(settings | result["this"]))
        return
    print(json.dumps(settings | result))


if __name__ == "__main__":
    main()
