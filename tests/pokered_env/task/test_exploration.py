from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pokered_env.game.game_state import GameState
from pokered_env.game.maps import MapInfo, MapTable
from pokered_env.task.exploration import Exploration

Make = Callable[..., GameState]


@pytest.fixture
def exploration() -> Exploration:
    return Exploration(
        MapTable(
            [
                MapInfo(0, "TOWN", 20, 18, (0, 36), None, None),
                MapInfo(12, "PATH", 20, 36, (0, 0), None, None),
                MapInfo(37, "HOUSE", 8, 8, None, 0, (5, 6)),
                MapInfo(38, "ATTIC", 8, 8, None, 0, (5, 6)),
            ]
        )
    )


def mask(exploration: Exploration, state: GameState) -> NDArray[np.uint8]:
    out = np.full((72, 80, 1), 7, np.uint8)
    exploration.draw_mask(state, out)
    return out[:, :, 0]


def test_the_players_own_tile_is_row_4_column_4(exploration: Exploration, make_state: Make) -> None:
    state = make_state(x=10, y=10)
    exploration.visit(state)
    shown = mask(exploration, state)
    assert (shown[32:40, 32:40] == 255).all()
    assert shown.sum() == 64 * 255


def test_tiles_keep_their_place_while_the_player_walks(
    exploration: Exploration, make_state: Make
) -> None:
    exploration.visit(make_state(x=10, y=10))
    here = make_state(x=12, y=9)
    exploration.visit(here)
    shown = mask(exploration, here)
    assert (shown[40:48, 16:24] == 255).all()
    assert shown.sum() == 2 * 64 * 255


def test_a_neighbouring_map_in_view_shows_its_own_tiles(
    exploration: Exploration, make_state: Make
) -> None:
    exploration.visit(make_state(map_id=12, x=3, y=35))
    south = make_state(map_id=0, x=3, y=0)
    exploration.visit(south)
    shown = mask(exploration, south)
    assert (shown[24:40, 32:40] == 255).all()
    assert shown.sum() == 2 * 64 * 255


def test_rooms_do_not_show_each_others_tiles(exploration: Exploration, make_state: Make) -> None:
    exploration.visit(make_state(map_id=37, x=2, y=2))
    assert mask(exploration, make_state(map_id=38, x=2, y=2)).sum() == 0
    assert mask(exploration, make_state(map_id=37, x=2, y=2)).sum() == 64 * 255


def test_in_battle_the_mask_is_empty_and_no_tile_is_new(
    exploration: Exploration, make_state: Make
) -> None:
    exploration.visit(make_state(x=5, y=5))
    fighting = make_state(x=6, y=5, battle=1)
    assert not exploration.is_new(fighting)
    exploration.visit(fighting)
    assert mask(exploration, fighting).sum() == 0
    assert exploration.num_tiles == 1


HOUSE_BLOCKS = (4, 4)


def test_between_two_maps_the_player_stands_on_no_tile(
    exploration: Exploration, make_state: Make
) -> None:
    exploration.visit(make_state(map_id=0, x=3, y=8))
    leaving = make_state(map_id=0, x=3, y=7, blocks=HOUSE_BLOCKS)  # a house's own x and y
    assert not exploration.is_on_map(leaving)
    assert not exploration.is_new(leaving)
    exploration.visit(leaving)
    assert exploration.num_tiles == 1
    assert not mask(exploration, leaving).any()
    arrived = make_state(map_id=0, x=3, y=7)
    assert exploration.is_new(arrived)
    assert mask(exploration, arrived).sum() == 64 * 255


def test_between_two_maps_of_one_size_the_player_stands_on_no_tile_either(
    exploration: Exploration, make_state: Make
) -> None:
    exploration.visit(make_state(map_id=37, x=2, y=5))
    leaving = make_state(map_id=38, x=2, y=5)  # the house's own place, header and size
    assert not exploration.is_new(leaving) and not exploration.is_on_map(leaving)
    assert not mask(exploration, leaving).any()
    loaded = make_state(map_id=38, x=2, y=5, tileset=3)
    assert exploration.is_new(loaded)
    exploration.visit(loaded)
    elsewhere = make_state(map_id=37, x=6, y=1, tileset=3)
    assert exploration.is_new(elsewhere)  # the place has changed
    exploration.clear()
    assert exploration.is_new(make_state(map_id=38, x=6, y=1, tileset=3))  # another episode


def test_a_step_off_the_map_counts_as_its_edge(exploration: Exploration, make_state: Make) -> None:
    exploration.visit(make_state(map_id=37, x=0, y=3))
    assert not exploration.is_new(make_state(map_id=37, x=255, y=3))


def test_every_stored_coordinate_of_every_map_can_be_drawn(
    exploration: Exploration, make_state: Make
) -> None:
    for map_id in (0, 12, 37, 200):
        for x, y in [(0, 0), (255, 255), (254, 254), (128, 0)]:
            state = make_state(map_id=map_id, x=x, y=y)
            exploration.visit(state)
            assert mask(exploration, state)[32, 32] == 255


def test_clear_forgets_and_restore_remembers(exploration: Exploration, make_state: Make) -> None:
    states = [make_state(x=1), make_state(map_id=37, x=2), make_state(map_id=200, x=9, y=9)]
    for state in states:
        exploration.visit(state)
    tiles = exploration.tiles()
    exploration.clear()
    assert exploration.num_tiles == 0
    assert all(exploration.is_new(state) for state in states)
    exploration.restore(tiles)
    assert exploration.num_tiles == 3
    assert not any(exploration.is_new(state) for state in states)


def test_the_world_shows_outdoor_tiles_only(exploration: Exploration, make_state: Make) -> None:
    exploration.visit(make_state(map_id=0, x=3, y=2))
    exploration.visit(make_state(map_id=37, x=3, y=2))
    world = exploration.world()
    assert world.shape == (54, 20)
    assert np.argwhere(world).tolist() == [[38, 3]]


def test_a_room_shows_its_own_tiles(exploration: Exploration, make_state: Make) -> None:
    exploration.visit(make_state(map_id=37, x=3, y=2))
    assert exploration.room(37).shape == (8, 8)
    assert np.argwhere(exploration.room(37)).tolist() == [[2, 3]]
    assert not exploration.room(38).any()


def test_a_tile_visited_or_forgotten_after_drawing_is_drawn_anew(
    exploration: Exploration, make_state: Make
) -> None:
    state = make_state(x=10, y=10)
    assert not mask(exploration, state).any()
    exploration.visit(state)
    assert mask(exploration, state).any()
    tiles = exploration.tiles()
    exploration.clear()
    assert not mask(exploration, state).any()
    exploration.restore(tiles)
    assert mask(exploration, state).any()
