"""A Game Boy with the open cartridge, as the tests drive it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pokered_env
from pokered_env.emulation.emulator import Emulator

DATA = Path(pokered_env.__file__).parent / "data"
ROM = DATA / "open_cartridge.gb"
CRASH_ADDRESS = 0x38


def read_metadata() -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads((DATA / "open_cartridge.json").read_text("utf-8"))
    return metadata


class Console:
    """Buttons in, memory out; 24 frames a press, the button held for the first 8."""

    def __init__(self) -> None:
        self.emulator = Emulator(ROM)
        self.num_presses = 0

    def play_start_script(self) -> None:
        for button, hold, frames, repeat in read_metadata()["start_states"]["start"]["inputs"]:
            for _ in range(repeat):
                self.emulator.step(button, hold, frames)

    def press(self, button: str | None, hold: int = 8, frames: int = 24) -> None:
        self.emulator.step(button, hold, frames)
        self.num_presses += 1

    def tick(self, frames: int = 1) -> None:
        self.emulator.tick(frames)

    def read(self, address: int, size: int) -> bytes:
        return self.emulator.read(address, size)

    def byte(self, address: int) -> int:
        return self.emulator.read(address, 1)[0]

    def flag(self, number: int) -> bool:
        return bool(self.byte(0xD747 + number // 8) >> (number % 8) & 1)

    def save(self) -> bytes:
        return self.emulator.save_state()

    def load(self, state: bytes) -> None:
        self.emulator.load_state(state)

    def close(self) -> None:
        self.emulator.close()
