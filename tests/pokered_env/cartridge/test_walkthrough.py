"""The game can be played from power-on to its ending."""

from __future__ import annotations

from pathlib import Path

import pytest
from atlas import Atlas, Situation, Spot
from console import Console, read_metadata
from player import Player
from pokered_env import PokeRedEnv
from pokered_env.recording.episode import Episode, replay
from record_walkthrough import EPISODE
from walkthrough import Walkthrough

NUM_BADGES = 3
MIN_ACTIONS, MAX_ACTIONS = 3_000, 6_000


class Journey:
    """One play from the first room to the ending, with what was seen on the way."""

    def __init__(self, state: bytes, atlas: Atlas) -> None:
        self.console = Console()
        self.console.load(state)
        self.player = Player(self.console, atlas)
        self.flags_after: list[set[str]] = []
        self.spot_after: list[Spot] = []
        for _ in Walkthrough(self.player).scenes():
            self.player.settle()
            flags = {flag for flag in atlas.world.tables.flags if self.player.has(flag)}
            self.flags_after.append(flags)
            self.spot_after.append(self.player.spot())


@pytest.fixture(scope="module")
def journey(start_state: bytes, atlas: Atlas) -> Journey:
    return Journey(start_state, atlas)


def test_every_event_flag_is_reached(journey: Journey) -> None:
    missing = [flag for flag in read_metadata()["events"] if not journey.player.has(flag)]
    assert missing == []
    assert len(read_metadata()["events"]) >= 29


def test_every_badge_is_won_and_money_earned(journey: Journey) -> None:
    assert journey.console.byte(0xD356) == (1 << NUM_BADGES) - 1
    assert int(journey.console.read(0xD347, 3).hex()) > 500


def test_hidden_item_sets_its_flag(journey: Journey) -> None:
    assert sum(byte.bit_count() for byte in journey.console.read(0xD6F0, 14)) == 1


def test_all_towns_are_noted(journey: Journey) -> None:
    towns = [m for m in journey.player.atlas.maps.values() if m.hearth is not None]
    noted = int.from_bytes(journey.console.read(0xD70B, 2), "little")
    assert noted == sum(1 << town.identity for town in towns)


def test_the_starter_has_changed_shape(journey: Journey) -> None:
    assert read_metadata()["species"][str(journey.console.byte(0xD164))] == "PYRELAN"


def test_one_can_walk_on_after_the_ending(journey: Journey) -> None:
    journey.player.walk_to("MILLBROOK", (3, 10))  # the bridge that is mended last


def test_a_hearth_can_be_reached_from_wherever_a_scene_ends(journey: Journey, atlas: Atlas) -> None:
    flags = atlas.world.tables.flags
    before_rosa = (atlas.map_id("HEARTH"), 2, 3)
    for reached, spot in zip(journey.flags_after, journey.spot_after, strict=True):
        numbers = {flags[flag] for flag in reached}
        now = Situation(numbers.__contains__, lambda n: False, frozenset(), -1)
        assert before_rosa in atlas.reachable(spot, now)


def test_recorded_episode_replays_to_the_ending() -> None:
    episode = Episode.load(EPISODE)
    seen: list[PokeRedEnv] = []
    total = replay(episode, on_step=lambda env: seen.append(env) if not seen else None)
    assert episode.state == "power_on"
    assert MIN_ACTIONS <= len(episode.actions) <= MAX_ACTIONS
    assert total == pytest.approx(episode.total_reward)
    assert Path(EPISODE).stat().st_size < 300_000
