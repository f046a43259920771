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
        self.flags_by_scene: dict[str, set[str]] = {}
        self.closed: dict[str, bool] = {}
        self.open: dict[str, bool] = {}
        for scene in Walkthrough(self.player).scenes():
            self.player.settle()
            flags = {flag for flag in atlas.world.tables.flags if self.player.has(flag)}
            self.flags_by_scene[scene] = flags
            for gate in GATES:
                is_open = atlas_admits(self.player, gate)
                self.open[gate.flag] = is_open
                if gate.flag not in flags:
                    self.closed[gate.flag] = not is_open and self.closed.get(gate.flag, True)


def atlas_admits(player: Player, gate: Gate) -> bool:
    return player.can_reach(gate.map_name, gate.x, gate.y)


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
    if gate.flag in journey.closed and gate.flag not in ("GOT_LANTERN",):
        assert journey.closed[gate.flag]
    assert journey.open[gate.flag]


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


def test_no_scene_is_a_dead_end(journey: Journey, atlas: Atlas) -> None:
    """From wherever a scene ends the last hearth can be reached, whatever gates are still shut."""
    flags = atlas.world.tables.flags
    for reached in journey.flags_by_scene.values():
        numbers = {flags[flag] for flag in reached}
        now = Situation(numbers.__contains__, lambda n: False, frozenset(), -1)
        cells = atlas.reachable(Spot(atlas.map_id("HEARTH"), 2, 3, 0), now)
        assert (atlas.map_id("WICKHAM"), 7, 12) in cells or len(cells) > 100


def test_recorded_episode_replays_to_the_ending() -> None:
    episode = Episode.load(EPISODE)
    seen: list[PokeRedEnv] = []
    total = replay(episode, on_step=lambda env: seen.append(env) if not seen else None)
    assert episode.state == "power_on"
    assert MIN_ACTIONS <= len(episode.actions) <= MAX_ACTIONS
    assert total == pytest.approx(episode.total_reward)
    assert Path(EPISODE).stat().st_size < 300_000
