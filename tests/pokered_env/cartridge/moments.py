"""The kept walkthrough as states to start from: the whole game without playing it again."""

from __future__ import annotations

from dataclasses import dataclass

from atlas import Atlas, Situation, Spot
from console import Console
from player import Player
from pokered_env.emulation.actions import ACTION_SETS
from pokered_env.recording.episode import Episode
from record_walkthrough import EPISODE

KEEP_EVERY = 20  # actions


@dataclass(frozen=True)
class Moment:
    """A state in which one can walk."""

    state: bytes
    spot: Spot
    situation: Situation

    def has(self, atlas: Atlas, flag: str) -> bool:
        return self.situation.has_flag(atlas.world.tables.flags[flag])


def read_moments(atlas: Atlas) -> list[Moment]:
    """From the first room to after the credits: after every arrival and flag, and in between."""
    episode = Episode.load(EPISODE)
    buttons = ACTION_SETS[episode.arguments["action_set"]]
    console = Console()
    player = Player(console, atlas)
    kept: list[Moment] = []
    seen = b""
    for number, action in enumerate(episode.actions):
        console.press(buttons[action])
        now = console.read(0xD35E, 1) + console.read(0xD747, 64)
        if (now != seen or number % KEEP_EVERY == 0) and player.can_walk():
            kept.append(_moment(player))
            seen = now
    player.settle()
    kept.append(_moment(player))
    console.close()
    return kept


def _moment(player: Player) -> Moment:
    return Moment(player.console.save(), player.spot(), player.situation())
