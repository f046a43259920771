"""Play the game through in the environment, from power-on, and keep the episode.

python tests/pokered_env/cartridge/record_walkthrough.py     after every change of the ROM

The environment ends the episode with the ending's event flag, so the credits come after it;
test_world.py plays on and reads them.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
CARTRIDGE = HERE.parents[2] / "packages" / "pokered-env" / "cartridge"
sys.path[:0] = [str(CARTRIDGE), str(HERE)]

from atlas import Atlas  # noqa: E402
from player import Player  # noqa: E402
from pokered_env import PokeRedEnv  # noqa: E402
from pokered_env.recording.episode import Episode, EpisodeRecorder  # noqa: E402
from walkthrough import Walkthrough  # noqa: E402

EPISODE = HERE / "walkthrough.episode"
MAX_STEPS = 20_000


class RecordedConsole:
    """An environment's buttons and memory, every action recorded."""

    def __init__(self) -> None:
        self.env = PokeRedEnv(max_steps=MAX_STEPS)
        self.recorder = EpisodeRecorder(self.env, state="power_on", seed=0)
        self.num_presses = 0
        self.is_over = False
        self._numbers = {button.key: i for i, button in enumerate(self.env.buttons)}

    def press(self, button: str) -> None:
        if self.is_over:
            raise EndingReached
        self.is_over = self.recorder.step(self._numbers[button])
        self.num_presses += 1

    def read(self, address: int, size: int) -> bytes:
        return self.env.emulator.read(address, size)


class EndingReached(Exception):
    """The environment says that the episode is over."""


def record(atlas: Atlas) -> tuple[Episode, RecordedConsole]:
    """Play from power-on until the environment ends the episode."""
    console = RecordedConsole()
    player = Player(console, atlas)
    try:
        for _ in Walkthrough(player).scenes():
            pass
        player.settle()
    except EndingReached:
        pass
    return console.recorder.episode(), console


def main() -> None:
    """Record, save, report."""
    episode, console = record(Atlas.read(CARTRIDGE / "content"))
    episode.save(EPISODE)
    print(f"{EPISODE.name}: {len(episode.actions)} actions, reward {episode.total_reward:.1f}")
    print(f"ending reached: {console.is_over}; badges: {console.recorder.info['badges']}")


if __name__ == "__main__":
    main()
