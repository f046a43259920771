"""How fast the environment is here, as ratios to the bare emulator in the same run.

Raw steps and steps of the environment are interleaved, and CPU time is counted where one thread
works, so that other programs disturb both alike.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.timing import UNTIL_READY
from pokered_env.env import PokeRedEnv
from pokered_env.tools.progress import counted
from pokered_env.vector.vector_env import PokeRedVectorEnv
from pokered_env.vector.workers import Workers

_HOLD_FRAMES, _ACTION_FRAMES = 8, 24


def measure(
    rom_path: str | None = None,
    steps: int = 400,
    rounds: int = 10,
    growth_steps: int = 100_000,
    allow_unknown_rom: bool = False,
    figures: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure everything.

    Args:
        rom_path: The ROM, found as the environment finds it.
        steps: Steps of one round.
        rounds: Rounds; medians are taken over them.
        growth_steps: Steps over which the growth of memory is measured; 0 leaves it out.
        allow_unknown_rom: Accept a ROM that is not known.
        figures: Filled part by part as they are known, for those who may be interrupted.

    Returns:
        Figures by name: ``efficiency`` is the environment's rate over the emulator's,
        ``python_us`` what the environment's own work costs a step, ``threads2_scaling`` the rate of
        two environments on threads over that of one, ``raw_threads2_scaling`` the same for bare
        emulators that run freely, ``lockstep_threads2_scaling`` for bare emulators that wait for
        each other after every step, as a vector environment has to. ``decisions_per_s`` and
        ``frames_per_decision`` are those of random play with 24 frames an action, the same with
        ``until_ready_`` before them those with ``action_frames="until_ready"``.
    """
    allowed = {"allow_unknown_rom": allow_unknown_rom}
    figures = {} if figures is None else figures
    parts: list[Callable[[], dict[str, Any]]] = [
        lambda: measure_efficiency(rom_path, steps, rounds, **allowed),
        lambda: measure_until_ready(rom_path, steps, rounds, allow_unknown_rom=allow_unknown_rom),
        lambda: measure_threads(rom_path, steps, rounds, **allowed),
        lambda: measure_reset(rom_path, figures["env_steps_per_s"], **allowed),
    ]
    for measure_part in counted(parts, len(parts), "parts measured"):
        figures.update(measure_part())
    if growth_steps:
        figures["rss_growth_bytes"] = measure_growth(rom_path, growth_steps, **allowed)
        figures["rss_growth_steps"] = growth_steps
    return figures


def measure_efficiency(
    rom_path: str | None, steps: int, rounds: int, *, allow_unknown_rom: bool = False
) -> dict[str, Any]:
    """Compare the environment's steps with the emulator's, both playing the same buttons."""
    env = PokeRedEnv(rom_path, max_steps=None, allow_unknown_rom=allow_unknown_rom)
    env.reset(seed=0)
    raw = _twin(env)
    keys = [button.key for button in env.buttons]
    rng = np.random.default_rng(0)
    raw_times, env_times = [], []
    for number in range(rounds + 1):
        actions = rng.integers(len(keys), size=steps).tolist()
        raw_s = _cpu_time(lambda: _play_raw(raw, [keys[a] for a in actions]))  # noqa: B023
        env_s = _cpu_time(lambda: _play(env, actions))  # noqa: B023
        if number:  # the first round warms up
            raw_times.append(raw_s)
            env_times.append(env_s)
    env.close()
    raw.close()
    raw_s, env_s = statistics.median(raw_times), statistics.median(env_times)
    extra = statistics.median(e - r for e, r in zip(env_times, raw_times, strict=True))
    return {
        "rom": env.rom.profile.name,
        "raw_steps_per_s": round(steps / raw_s, 1),
        "env_steps_per_s": round(steps / env_s, 1),
        "efficiency": round(
            statistics.median(r / e for e, r in zip(env_times, raw_times, strict=True)), 4
        ),
        "python_us": round(extra / steps * 1e6, 1),
    }


def measure_until_ready(
    rom_path: str | None,
    steps: int,
    rounds: int,
    *,
    start_state: str | None = None,
    allow_unknown_rom: bool = False,
) -> dict[str, Any]:
    """Compare actions of 24 frames with those that end when the game is ready (CPU time).

    Both play the same random buttons from the same start on, and soon are elsewhere.
    """
    timings: tuple[int | str, ...] = (_ACTION_FRAMES, UNTIL_READY)
    envs = [
        PokeRedEnv(
            rom_path,
            start_state=start_state,
            action_frames=timing,
            max_steps=None,
            allow_unknown_rom=allow_unknown_rom,
        )
        for timing in timings
    ]
    for env in envs:
        env.reset(seed=0)
    rng = np.random.default_rng(0)
    rates: list[list[float]] = [[], []]
    frames = [0, 0]
    for number in range(rounds + 1):
        actions = rng.integers(len(envs[0].buttons), size=steps).tolist()
        for i, env in enumerate(envs):
            began = time.process_time()
            num_frames = _play(env, actions)
            if number:  # the first round warms up
                rates[i].append(steps / (time.process_time() - began))
                frames[i] += num_frames
    for env in envs:
        env.close()
    ratios = [ready / fixed for fixed, ready in zip(*rates, strict=True)]
    return {
        "frames_per_decision": round(frames[0] / (rounds * steps), 2),
        "decisions_per_s": round(statistics.median(rates[0]), 1),
        "until_ready_frames_per_decision": round(frames[1] / (rounds * steps), 2),
        "until_ready_decisions_per_s": round(statistics.median(rates[1]), 1),
        "until_ready_ratio": round(statistics.median(ratios), 3),
    }


def measure_threads(
    rom_path: str | None, steps: int, rounds: int, *, allow_unknown_rom: bool = False
) -> dict[str, Any]:
    """Compare how two environments and two bare emulators scale on two threads (wall time)."""
    rng = np.random.default_rng(0)
    arguments: dict[str, Any] = {
        "rom_path": rom_path,
        "max_steps": None,
        "allow_unknown_rom": allow_unknown_rom,
    }
    one = PokeRedVectorEnv(1, **arguments)
    two = PokeRedVectorEnv(2, num_threads=2, **arguments)
    for vector_env in (one, two):
        vector_env.reset(seed=0)
    raw = [_twin(env) for env in two.envs]
    keys = [button.key for button in two.envs[0].buttons]
    env_scaling, raw_scaling, lockstep_scaling = [], [], []
    workers = Workers(1)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            actions = rng.integers(len(keys), size=(steps, 2))
            buttons = [[keys[a] for a in column] for column in actions.T]
            raw_one = _wall_time(lambda: _play_raw(raw[0], buttons[0]))  # noqa: B023
            raw_two = _wall_time(lambda: list(pool.map(_play_raw, raw, buttons)))  # noqa: B023
            lockstep = _wall_time(lambda: _play_lockstep(workers, raw, buttons))  # noqa: B023
            env_one = _wall_time(lambda: _play_vector(one, actions[:, :1]))  # noqa: B023
            env_two = _wall_time(lambda: _play_vector(two, actions))  # noqa: B023
            raw_scaling.append(2 * raw_one / raw_two)
            lockstep_scaling.append(2 * raw_one / lockstep)
            env_scaling.append(2 * env_one / env_two)
    workers.close()
    one.close()
    two.close()
    for emulator in raw:
        emulator.close()
    ratios = [e / r for e, r in zip(env_scaling, raw_scaling, strict=True)]
    return {
        "threads2_scaling": round(statistics.median(env_scaling), 3),
        "raw_threads2_scaling": round(statistics.median(raw_scaling), 3),
        "lockstep_threads2_scaling": round(statistics.median(lockstep_scaling), 3),
        "threads2_ratio": round(statistics.median(ratios), 3),
        "threads2_pairs": rounds,
    }


def measure_reset(
    rom_path: str | None, env_steps_per_s: float, *, allow_unknown_rom: bool = False
) -> dict[str, Any]:
    """Measure `reset` to the default start state, in milliseconds and in steps."""
    env = PokeRedEnv(rom_path, allow_unknown_rom=allow_unknown_rom)
    env.reset(seed=0)
    times = [_cpu_time(env.reset) for _ in range(50)]
    env.close()
    seconds = statistics.median(times)
    return {
        "reset_ms": round(seconds * 1e3, 3),
        "reset_steps": round(seconds * env_steps_per_s, 2),
    }


def measure_growth(rom_path: str | None, steps: int, *, allow_unknown_rom: bool = False) -> int:
    """Return by how many bytes the process has grown after ``steps`` steps of random play."""
    env = PokeRedEnv(rom_path, max_steps=2_000, allow_unknown_rom=allow_unknown_rom)
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(len(env.buttons), size=steps + 4_000).tolist()
    _play(env, actions[:4_000])  # until the caches are full
    gc.collect()
    before = resident_bytes()
    _play(env, actions[4_000:])
    gc.collect()
    grown = resident_bytes() - before
    env.close()
    return grown


def resident_bytes() -> int:
    """Return the process's resident memory; its peak where the system does not say."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * 4096
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _twin(env: PokeRedEnv) -> Emulator:
    emulator = Emulator(env.rom.path)
    emulator.load_state(env.emulator.save_state())
    return emulator


def _play_raw(emulator: Emulator, keys: list[str | None]) -> None:
    for key in keys:
        emulator.step(key, _HOLD_FRAMES, _ACTION_FRAMES)


def _play_lockstep(
    workers: Workers, emulators: list[Emulator], keys: list[list[str | None]]
) -> None:
    for row in zip(*keys, strict=True):
        workers.run(
            lambda i: emulators[i].step(row[i], _HOLD_FRAMES, _ACTION_FRAMES),  # noqa: B023
            range(len(emulators)),
        )


def _play(env: PokeRedEnv, actions: list[int]) -> int:
    """Play and return the number of frames."""
    frames = 0
    for action in actions:
        _, _, terminated, truncated, info = env.step(action)
        frames += info["frames"]
        if terminated or truncated:
            env.reset()
    return frames


def _play_vector(env: PokeRedVectorEnv, actions: Any) -> None:
    for row in actions:
        env.step(row)


def _cpu_time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _wall_time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
