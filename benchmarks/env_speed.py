"""Print the speed of the environment as one line of JSON; figures: pokered_env.tools.bench."""

from __future__ import annotations

import argparse
import json

from pokered_env.tools.bench import measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rom", help="ROM file (default: $POKERED_ROM, else the open cartridge)")
    parser.add_argument("--steps", type=int, default=400, help="steps of one round (400)")
    parser.add_argument("--rounds", type=int, default=10, help="interleaved rounds (10)")
    parser.add_argument("--growth-steps", type=int, default=100_000, help="steps for memory (1e5)")
    options = parser.parse_args()
    print(json.dumps(measure(options.rom, options.steps, options.rounds, options.growth_steps)))


if __name__ == "__main__":
    main()
