from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pokered_env.env import PokeRedEnv
from pokered_env.game import ram
from pokered_env.game.game_state import Battle, Direction, GameReader, GameState
from pokered_env.recording.conformance import Recording

Make = Callable[..., GameState]


def test_hit_points_are_big_endian_and_the_level_is_not_the_stale_one(
    make_state: Make, make_member: Callable[..., bytes]
) -> None:
    member = make_state(party=(make_member(species=177, level=6, hp=22, max_hp=290),)).party[0]
    assert (member.species, member.level, member.hp, member.max_hp) == (177, 6, 22, 290)


@pytest.mark.parametrize(
    ("value", "battle"),
    [(0, Battle.NONE), (1, Battle.WILD), (2, Battle.TRAINER), (255, Battle.NONE)],
)
def test_a_lost_battle_counts_as_no_battle(make_state: Make, value: int, battle: Battle) -> None:
    assert make_state(battle=value).battle is battle


@pytest.mark.parametrize(
    ("facing", "direction"),
    [(0, Direction.DOWN), (4, Direction.UP), (8, Direction.LEFT), (12, Direction.RIGHT)],
)
def test_directions_are_those_of_the_game(
    make_state: Make, facing: int, direction: Direction
) -> None:
    assert make_state(facing=facing).direction is direction


def test_every_event_bit_can_be_asked_for(make_state: Make) -> None:
    flags = (0, 7, 8, 34, 2522, 2559)
    state = make_state(events=flags)
    assert tuple(flag for flag in range(2560) if state.has_event(flag)) == flags


def test_a_party_count_beyond_six_reads_six(
    make_memory: Callable[..., Recording], make_member: Callable[..., bytes]
) -> None:
    members = (ram.PARTY_SPECIES, bytes([1] * 6)), (ram.PARTY_MONS, make_member() * 7)
    state = GameState.read(make_memory((ram.PARTY_COUNT, b"\xff"), *members))
    assert len(state.party) == 6


@pytest.mark.parametrize(
    "written",
    [{"species": 0}, {"species": 2}, {"max_hp": 0}],
    ids=["not yet written", "somebody who has left", "no hit points"],
)
def test_a_member_that_is_just_being_written_does_not_exist(
    make_memory: Callable[..., Recording],
    make_member: Callable[..., bytes],
    written: dict[str, int],
) -> None:
    memory = make_memory(
        (ram.PARTY_COUNT, b"\2"),
        (ram.PARTY_SPECIES, bytes([7, 1])),
        (ram.PARTY_MONS, make_member(species=7) + make_member(**written)),
    )
    assert [member.species for member in GameState.read(memory).party] == [7]


def test_hit_points_above_the_maximum_are_a_full_share(
    make_state: Make, make_member: Callable[..., bytes]
) -> None:
    assert make_state(party=(make_member(hp=2303, max_hp=274),)).party[0].hp_fraction == 1.0


def test_the_bag_holds_pairs_of_item_and_quantity(make_memory: Callable[..., Recording]) -> None:
    state = GameState.read(make_memory((ram.BAG, bytes([2, 4, 5, 11, 2, 255]))))
    assert state.bag == ((4, 5), (11, 2))


def test_money_badges_and_coordinates_come_from_their_addresses(
    make_memory: Callable[..., Recording],
) -> None:
    state = GameState.read(
        make_memory(
            (ram.MONEY, b"\x01\x23\x45"),
            (ram.BADGES, b"\x05"),
            (ram.CUR_MAP, b"\x28"),
            (ram.X_COORD, b"\x07"),
            (ram.Y_COORD, b"\x04"),
        )
    )
    assert (state.money, state.badges, state.num_badges) == (12345, 5, 2)
    assert (state.map_id, state.x, state.y) == (40, 7, 4)


def test_blacked_out_means_that_a_party_is_there_and_nobody_stands(
    make_state: Make, make_member: Callable[..., bytes]
) -> None:
    fainted, fit = make_member(hp=0), make_member(hp=1)
    assert make_state(party=(fainted, fainted)).is_blacked_out
    assert not make_state(party=(fainted, fit)).is_blacked_out
    assert not make_state().is_blacked_out


def test_a_reader_gives_the_same_snapshot_while_nothing_changes_and_shares_what_has_not(
    make_memory: Callable[..., Recording], make_member: Callable[..., bytes]
) -> None:
    memory = make_memory(
        (ram.PARTY_COUNT, b"\1"), (ram.PARTY_SPECIES, b"\1"), (ram.PARTY_MONS, make_member(hp=20))
    )
    reader = GameReader(memory)
    first = reader.read()
    assert reader.read() is first
    memory._memory[ram.X_COORD.address] = 7
    moved = reader.read()
    assert (moved.x, first.x) == (7, 0)
    assert moved.party is first.party and moved.events is first.events
    memory._memory[ram.PARTY_MONS.address + 2] = 19
    assert reader.read().party[0].hp == 19
    assert reader.read() == GameState.read(memory)


@pytest.mark.parametrize("state", ["start", "rockfall_cleared", "got_oil"])
def test_a_reader_that_remembers_reads_what_a_new_one_reads(state: str) -> None:
    env = PokeRedEnv(start_state=state)
    env.reset(seed=0)
    for action in np.random.default_rng(0).integers(7, size=150).tolist():
        env.step(action)
        assert env.game_state == GameState.read(env.emulator)
    env.close()
