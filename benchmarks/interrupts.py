"""How many of the Ctrl-Cs sent to a playing process arrive, and that it plays on after each.

    python benchmarks/interrupts.py --times 100

Prints as its last line JSON: by what the process is doing when the signal comes, how many arrived
of those that were sent. For systems with POSIX signals.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pokered_env import PokeRedEnv, PokeRedVectorEnv
from pokered_env.emulation.timing import UNTIL_READY

Work = Callable[[], Any]
_LONGEST_WAIT_S = 5.0
_MENU, _A, _DOWN = 6, 4, 0


def step() -> Work:
    """Step one environment, a fixed number of frames at a time."""
    env = PokeRedEnv(max_steps=None)
    env.reset(seed=0)
    return lambda: env.step(_A)


def until_ready() -> Work:
    """Step one environment in a menu, where PyBoy is asked to watch the game."""
    env = PokeRedEnv(max_steps=None, action_frames=UNTIL_READY)
    env.reset(seed=0)
    env.step(_MENU)
    return lambda: env.step(_DOWN)


def reset() -> Work:
    """Reset one environment."""
    env = PokeRedEnv(max_steps=None)
    env.reset(seed=0)
    return env.reset


def vector() -> Work:
    """Step two environments on two threads."""
    envs = PokeRedVectorEnv(2, num_threads=2, max_steps=None)
    envs.reset(seed=0)
    actions = np.full(2, _A)
    return lambda: envs.step(actions)


KINDS = {"step": step, "until_ready": until_ready, "reset": reset, "vector": vector}


def count_arrived(work: Work, times: int) -> int:
    """Send SIGINT at varied moments of the work, one after the other; return how many arrived."""
    arrived = 0
    for number in range(times):
        wait_s = 0.005 + 0.0007 * (number % 100)
        timer = threading.Timer(wait_s, os.kill, (os.getpid(), signal.SIGINT))
        end = time.monotonic() + _LONGEST_WAIT_S
        try:
            timer.start()
            while time.monotonic() < end:
                work()
        except KeyboardInterrupt:
            arrived += 1
        timer.join()
    return arrived


def main() -> None:
    """Interrupt every kind of work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=100, help="signals of each kind (100)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args()
    figures = {}
    for kind in options.kinds:
        work = KINDS[kind]()
        figures[kind] = f"{count_arrived(work, options.times)}/{options.times}"
        work()  # an interrupted environment is still one
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
