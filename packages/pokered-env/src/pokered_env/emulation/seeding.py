"""How a seed reaches the game.

Both games keep the state of their random numbers in two bytes, which are set after the start state
has been loaded. Pokémon Red also stirs them with a timer in every frame: there, some frames pass
before the episode begins, so that the timer differs too. The open cartridge stirs them by a fixed
rule once a frame, so the two bytes are enough.

From the open cartridge's start state `power_on` a seed has no effect: 76 frames later the booting
cartridge sets the bytes itself. What is played from there, such as the recordings its other start
states are made from, depends on the buttons alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pokered_env.emulation.emulator import Emulator
from pokered_env.game import ram


def generator_in(state: Any) -> np.random.Generator:
    """Return random numbers in the state ``bit_generator.state`` once was.

    Raises:
        ValueError: It is no state of the environment's kind of random numbers.
    """
    generator = np.random.default_rng()
    try:
        generator.bit_generator.state = state
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError) as error:
        raise ValueError(f"its random numbers are damaged ({error!r:.80})") from error
    return generator


def seed_game(emulator: Emulator, rng: np.random.Generator, max_noop_frames: int) -> None:
    """Draw the game's random numbers.

    Args:
        emulator: The game, in its start state.
        rng: The environment's random numbers.
        max_noop_frames: Up to so many frames pass.
    """
    add, sub, frames = rng.integers((256, 256, max_noop_frames + 1)).tolist()
    emulator.write(ram.RANDOM_ADD.address, add)
    emulator.write(ram.RANDOM_SUB.address, sub)
    if frames:
        emulator.tick(frames)
