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
from pokered_env.emulation.emulator import Emulator
from pokered_env.game import ram

HOLD_FRAMES, ACTION_FRAMES = 8, 24
WALK = ["right", "right", "left", "left"]
STAND = [None]
PLACES = ("start", "got_hall_pass", "rockfall_cleared", "beacon_gate_open")


def play(emulator: Emulator, buttons: list[str | None], steps: int) -> tuple[float, int]:
    """Play the buttons over and over; return CPU seconds and how often the player moved."""
    x, moves = emulator.read_byte(ram.X_COORD.address), 0
    began = time.process_time()
    for button in islice(cycle(buttons), steps):
        emulator.step(button, HOLD_FRAMES, ACTION_FRAMES)
        before, x = x, emulator.read_byte(ram.X_COORD.address)
        moves += x != before
    return time.process_time() - began, moves


def main() -> None:
    """Measure in one room and three places outdoors, where there are people."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    env = gym.make("pokered_env:PokeRed-v0").unwrapped
    ratios, moved = {}, {}
    for place in PLACES:
        _, info = env.reset(seed=0, options={"state": place})
        pairs, moves = [], 0
        for _ in range(options.rounds):
            standing_s, _ = play(env.emulator, STAND, options.steps)
            walking_s, num_moves = play(env.emulator, WALK, options.steps)
            pairs.append(standing_s / walking_s)
            moves += num_moves
        ratios[info["map_name"]] = round(statistics.median(pairs), 3)
        moved[info["map_name"]] = round(moves / (options.rounds * options.steps), 3)
    env.close()
    figures = {"walking_speed_over_idle": ratios, "share_of_steps_that_moved": moved}
    print(json.dumps({**figures, "rounds": options.rounds}))


if __name__ == "__main__":
    main()
