"""The game can be played from power-on to its ending; every gate refuses first and admits then."""

from __future__ import annotations

from pathlib import Path

import pytest
from atlas import Atlas, Situation, Spot
from console import Console, read_metadata
from player import Player
from pokered_env import PokeRedEnv
from pokered_env.episode import Episode, replay
from record_walkthrough import EPISODE
from walkthrough import GATES, Gate, Walkthrough

NUM_BADGES = 3
MIN_ACTIONS, MAX_ACTIONS = 2_000, 8_000


class Journey:
    """One play from the first room to the ending, with what was seen on the way."""

    def __init__(self, state: bytes, atlas: Atlas) -> None:
        self.console = Console()
        self.console.load(state)
        self.player = Player(self.console, atlas)
        self.flags_after: list[set[str]] = []
        self.spot_after: list[Spot] = []
        self.open_before: dict[str, bool] = {}
        self.open_after: dict[str, bool] = {}
        for _ in Walkthrough(self.player).scenes():
            self.player.settle()
            flags = {flag for flag in atlas.world.tables.flags if self.player.has(flag)}
            self.flags_after.append(flags)
            self.spot_after.append(self.player.spot())
            for gate in GATES:
                is_open = self.player.can_reach(gate.map_name, gate.x, gate.y)
                by_flag = self.open_after if gate.flag in flags else self.open_before
                by_flag[gate.flag] = by_flag.get(gate.flag, False) or is_open


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


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.flag)
def test_gate_is_closed_before_its_flag_and_open_after(journey: Journey, gate: Gate) -> None:
    assert journey.open_before[gate.flag] is False
    assert journey.open_after[gate.flag] is True


def test_one_can_walk_on_after_the_ending(journey: Journey) -> None:
    journey.player.walk_to("MILLBROOK", (3, 10))  # the bridge that is mended last


def test_fog_gate_turns_back_without_a_lantern_and_lets_pass_with_it(
    console: Console, start_state: bytes, keeper_state: bytes, atlas: Atlas
) -> None:
    player = Player(console, atlas)
    x, y = player.cells("WICKHAM", "trigger")[0]
    player.walk_to("WICKHAM", (x, y + 1))
    for _ in range(3):
        player.press("up")
        player.settle()
        assert player.spot().y >= y
    console.load(keeper_state)
    player.walk_to("REED_PATH", (x, 33))
    assert player.spot().map_id == 1


@pytest.mark.parametrize(
    ("map_name", "cell", "flag"),
    [
        ("MILLBROOK", (22, 12), "WOOD_GATE_OPEN"),
        ("QUARRY_ROAD", (13, 10), "ROCKFALL_CLEARED"),
        ("SALTMERE", (18, 7), "BEACON_GATE_OPEN"),
    ],
)
def test_gates_are_solid_until_their_flag(
    atlas: Atlas, map_name: str, cell: tuple[int, int], flag: str
) -> None:
    number = atlas.world.tables.flags[flag]
    map_id = atlas.map_id(map_name)
    assert atlas.kind(map_id, *cell, lambda n: False) == "solid"
    assert atlas.kind(map_id, *cell, lambda n: n == number) in ("walk", "door")


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
