"""How many decisions fall where the game asks for no button, and what waiting for it costs.

python benchmarks/until_ready.py        the last line is JSON

A decision is deaf if the game does not call its joypad routine while the button is held. A second
emulator, which plays the same frames, is asked for that. The first decision after a reset does not
count: no action led to it. Battles are those of the open cartridge's milestones, each played from
its beginning to its end at most.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.listening import HookedEars
from pokered_env.emulation.timing import UNTIL_READY
from pokered_env.env import PokeRedEnv
from pokered_env.game import ram
from pokered_env.task.start_states import load_start_state

HOLD_FRAMES, ACTION_FRAMES = 8, 24
PLACES = ("start", "got_starter", "got_pick", "beat_warden_roe")
TIMINGS = {"frames_24": ACTION_FRAMES, UNTIL_READY: UNTIL_READY}


def in_battle(emulator: Emulator) -> bool:
    """Tell whether a battle is on."""
    return emulator.read_byte(ram.IS_IN_BATTLE.address) != 0


def context(emulator: Emulator) -> str:
    """Return where a decision falls: ``field``, ``text_and_menus`` or ``battle``."""
    if in_battle(emulator):
        return "battle"
    has_window = emulator.read_byte(ram.WINDOW_Y.address) != ram.WINDOW_HIDDEN
    return "text_and_menus" if has_window else "field"


def battles(env: PokeRedEnv) -> Iterator[bytes]:
    """Play the milestones' buttons; yield the state in which each battle has just begun."""
    emulator = Emulator(env.rom.path)
    for start in env.rom.profile.start_states.values():
        if start.after is None:
            continue
        emulator.load_state(load_start_state(env.rom, start.after))
        was_in_battle = False
        for press in start.script:
            for _ in range(press.repeat):
                emulator.step(press.button, press.hold_frames, press.total_frames)
                if in_battle(emulator) and not was_in_battle:
                    yield emulator.save_state()
                was_in_battle = in_battle(emulator)
    emulator.close()


class Witness:
    """A second emulator that plays what the environment played, and listens to the game."""

    def __init__(self, env: PokeRedEnv) -> None:
        routine = env.rom.profile.joypad_routine
        assert routine is not None, "only the open cartridge has milestones, and its is known"
        self._emulator = Emulator(env.rom.path)
        self._ears = HookedEars(self._emulator, routine)

    def follow(self, env: PokeRedEnv) -> None:
        """Go where the environment is."""
        self._emulator.load_state(env.emulator.save_state())

    def is_deaf(self, key: str | None, frames: int) -> bool:
        """Play an action; return whether the game asked for no button while it was held."""
        self._ears.prick()
        self._emulator.step(key, HOLD_FRAMES, HOLD_FRAMES)
        has_asked = self._ears.has_heard()
        self._ears.rest()
        self._emulator.tick(frames - HOLD_FRAMES)
        return not has_asked

    def close(self) -> None:
        """Switch it off."""
        self._emulator.close()


def count(env: PokeRedEnv, starts: list[str | bytes], steps: int, seeds: int) -> dict[str, Counter]:
    """Play at random from every start; count decisions, deaf ones and frames by context."""
    counts = {name: Counter() for name in ("field", "text_and_menus", "battle")}
    witness = Witness(env)
    for start in starts:
        for seed in range(seeds):
            env.reset(seed=seed, options={"state": start})
            witness.follow(env)
            actions = np.random.default_rng(seed).integers(len(env.buttons), size=steps).tolist()
            for number, action in enumerate(actions):
                now = context(env.emulator)
                if isinstance(start, bytes) and now != "battle":
                    break
                frames = env.step(action)[4]["frames"]
                deaf = witness.is_deaf(env.buttons[action].key, frames)
                if number:
                    counts[now].update(decisions=1, deaf=deaf, frames=frames)
    witness.close()
    return counts


def battle_time(env: PokeRedEnv, starts: list[bytes], steps: int, seed: int) -> float:
    """Return the CPU seconds of a decision in battle."""
    seconds, decisions = 0.0, 0
    for start in starts:
        env.reset(seed=seed, options={"state": start})
        actions = np.random.default_rng(seed).integers(len(env.buttons), size=steps).tolist()
        began = time.process_time()
        for action in actions:
            env.step(action)
            decisions += 1
            if not in_battle(env.emulator):
                break
        seconds += time.process_time() - began
    return seconds / decisions


def report(counts: dict[str, Counter], seconds: list[float]) -> dict[str, object]:
    """Return the figures of one timing."""
    battle = counts["battle"]
    rate = 1 / statistics.median(seconds)
    heard = 1 - battle["deaf"] / battle["decisions"]
    return {
        "decisions": {name: c["decisions"] for name, c in counts.items()},
        "deaf": {name: c["deaf"] for name, c in counts.items()},
        "deaf_percent": {n: round(100 * c["deaf"] / c["decisions"], 2) for n, c in counts.items()},
        "frames_per_decision": {
            n: round(c["frames"] / c["decisions"], 1) for n, c in counts.items()
        },
        "battle_decisions_per_s": round(rate, 1),
        "battle_heard_decisions_per_s": round(rate * heard, 1),
        "battle_frames_per_heard_decision": round(
            battle["frames"] / (battle["decisions"] * heard), 1
        ),
    }


def main() -> None:
    """Measure both timings, the speeds in interleaved rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="most decisions from a start (300)")
    parser.add_argument("--battles", type=int, default=25, help="the first so many (25 of 101)")
    parser.add_argument("--seeds", type=int, default=2, help="times a start is played (2)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds for speed (5)")
    options = parser.parse_args()
    envs = {
        name: PokeRedEnv(action_frames=timing, hold_frames=HOLD_FRAMES, max_steps=None)
        for name, timing in TIMINGS.items()
    }
    fights = list(islice(battles(envs[UNTIL_READY]), options.battles))
    starts = [*PLACES, *fights]
    counts = {name: count(env, starts, options.steps, options.seeds) for name, env in envs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in envs}
    for seed in range(options.rounds):
        for name, env in envs.items():
            seconds[name].append(battle_time(env, fights, options.steps, seed))
    figures = {name: report(counts[name], seconds[name]) for name in envs}
    for env in envs.values():
        env.close()
    print(json.dumps({"battles": len(fights), "rounds": options.rounds, **figures}))


if __name__ == "__main__":
    main()
