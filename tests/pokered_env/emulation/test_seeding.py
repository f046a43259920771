from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.seeding import seed_game
from pokered_env.game import ram


def test_the_games_random_bytes_are_drawn_and_frames_pass(
    write_tiny_rom: Callable[..., Path],
) -> None:
    emulator = Emulator(write_tiny_rom())
    emulator.tick(200)
    frames = set()
    for seed in range(12):
        before = emulator.read_byte(0xC000)
        seed_game(emulator, np.random.default_rng(seed), max_noop_frames=15)
        frames.add((emulator.read_byte(0xC000) - before) % 256)
        add, sub, _ = np.random.default_rng(seed).integers((256, 256, 16)).tolist()
        assert emulator.read_byte(ram.RANDOM_ADD.address) == add
        assert emulator.read_byte(ram.RANDOM_SUB.address) == sub
    assert len(frames) > 5
    assert max(frames) <= 15
