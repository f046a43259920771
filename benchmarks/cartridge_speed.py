"""How much more a walking player costs than a standing one: the open cartridge's CPU must halt.

python benchmarks/cartridge_speed.py        interleaved rounds; the last line is JSON
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import cycle, islice

import gymnasium as gym
from pokered_env.emulator import Emulator

HOLD_FRAMES, ACTION_FRAMES = 8, 24
WALK = ["left", "left", "right", "right"]
STAND = [None]


def cpu_time(emulator: Emulator, buttons: list[str | None], steps: int) -> float:
    """Play the buttons over and over; return CPU seconds."""
    began = time.process_time()
    for button in islice(cycle(buttons), steps):
        emulator.step(button, HOLD_FRAMES, ACTION_FRAMES)
    return time.process_time() - began


def main() -> None:
    """Measure outdoors, where there are people and moving tiles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    env = gym.make("pokered_env:PokeRed-v0").unwrapped
    figures = {}
    for place in ("start", "beat_warden_ivy", "rockfall_cleared"):
        env.reset(seed=0, options={"state": place})
        ratios = [
            cpu_time(env.emulator, STAND, options.steps)
            / cpu_time(env.emulator, WALK, options.steps)
            for _ in range(options.rounds)
        ]
        figures[place] = round(statistics.median(ratios), 3)
    env.close()
    print(json.dumps({"walking_speed_over_idle": figures, "rounds": options.rounds}))


if __name__ == "__main__":
    main()
