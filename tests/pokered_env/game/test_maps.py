from __future__ import annotations

import pytest
from pokered_env.game.maps import MapInfo, MapTable
from pokered_env.game.profiles import pokemon_red

TOWN = MapInfo(0, "TOWN", 20, 18, (50, 40), None, None)
PATH = MapInfo(1, "PATH", 20, 40, (50, 0), None, None)
HOUSE = MapInfo(37, "HOUSE", 8, 8, None, 0, (5, 6))
NOWHERE = MapInfo(99, "NOWHERE", 8, 8, None, None, None)


@pytest.fixture
def maps() -> MapTable:
    return MapTable([TOWN, PATH, HOUSE, NOWHERE])


def test_outdoors_the_world_position_is_origin_plus_position(maps: MapTable) -> None:
    assert maps.global_xy(0, 3, 4) == (53, 44)


def test_indoors_it_is_that_of_the_door(maps: MapTable) -> None:
    assert maps.global_xy(37, 2, 2) == (55, 46)


def test_a_map_off_the_world_has_none(maps: MapTable) -> None:
    assert maps.global_xy(99, 2, 2) is None
    assert maps.global_xy(200, 2, 2) is None


@pytest.mark.parametrize(("x", "y", "place"), [(255, 0, (50, 40)), (20, 18, (69, 57))])
def test_coordinates_a_step_off_the_map_are_kept_on_it(
    maps: MapTable, x: int, y: int, place: tuple[int, int]
) -> None:
    assert maps.global_xy(0, x, y) == place


def test_the_world_is_as_large_as_its_maps(maps: MapTable) -> None:
    assert (maps.world_width, maps.world_height) == (70, 58)


def test_maps_without_a_name_are_called_by_their_number(maps: MapTable) -> None:
    assert maps.name(37) == "HOUSE"
    assert maps.name(250) == "MAP_250"


def test_the_outdoor_maps_of_pokemon_red_stitch_without_overlap() -> None:
    maps = pokemon_red().maps
    outdoor = [m for m in maps if m.origin]
    cells = {
        (m.origin[0] + x, m.origin[1] + y)
        for m in outdoor
        if m.origin
        for x in range(m.width)
        for y in range(m.height)
    }
    assert len(outdoor) == 36
    assert len(cells) == sum(m.width * m.height for m in outdoor)
    assert (maps.world_width, maps.world_height) == (340, 360)


def test_every_used_indoor_map_of_pokemon_red_leads_to_a_door_outdoors() -> None:
    maps = pokemon_red().maps
    homeless = {m.name for m in maps if m.width and maps.global_xy(m.map_id, 0, 0) is None}
    assert all("COPY" in name or name in ("TRADE_CENTER", "COLOSSEUM") for name in homeless)
    assert len(maps) == 248


def test_a_map_is_loaded_once_its_size_is_there(maps: MapTable) -> None:
    assert maps.is_loaded(0, (9, 10))
    assert not maps.is_loaded(0, (10, 9))
    assert not maps.is_loaded(37, (9, 10))
    assert maps.is_loaded(200, (0, 0))


def test_half_a_block_counts_as_one() -> None:
    assert MapTable([MapInfo(5, "SHED", 7, 5, None, None, None)]).is_loaded(5, (3, 4))
