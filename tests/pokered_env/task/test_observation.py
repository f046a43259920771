from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError
from pokered_env.game.game_state import GameState
from pokered_env.game.maps import MapTable
from pokered_env.game.text import ScreenText, encode
from pokered_env.task import observation
from pokered_env.task.exploration import Exploration
from pokered_env.task.observation import OBSERVATION_SPACE, STATE_LAYOUT, STATE_SIZE, decode_state

Make = Callable[..., GameState]


def vector(state: GameState) -> np.ndarray:
    out = np.full(STATE_SIZE, np.nan, np.float32)
    observation.encode_state(state, out)
    return out


def test_the_layout_covers_335_numbers_without_gaps() -> None:
    assert STATE_SIZE == 335
    assert [field.start for field in STATE_LAYOUT] == [0, 1, 2, 3, 9, 15]
    assert [field.size for field in STATE_LAYOUT] == [1, 1, 1, 6, 6, 320]


def test_the_metadata_tells_in_builtins_what_decoding_a_vector_gives() -> None:
    published = PokeRedEnv.metadata["fields"]["state"]
    assert json.loads(json.dumps(published)) == published
    numbers = np.rint(np.random.default_rng(0).uniform(0, 1, STATE_SIZE) * 255) / 255
    decoded = decode_state(numbers)
    assert [field["name"] for field in published] == list(decoded)
    for field in published:
        part = numbers[field["start"] : field["start"] + field["size"]] * field["scale"]
        assert np.abs(part - decoded[field["name"]]).max() <= 0.5, field["name"]


def test_the_numbers_are_those_of_the_table(
    make_state: Make, make_member: Callable[..., bytes]
) -> None:
    party = (make_member(level=50, hp=5, max_hp=20), make_member(level=7, hp=0, max_hp=10))
    numbers = vector(make_state(map_id=51, facing=8, battle=1, party=party, events=(0, 15)))
    assert numbers[:3].tolist() == pytest.approx([51 / 255, 2 / 3, 0.5])
    assert numbers[3:9].tolist() == pytest.approx([0.25, 0, 0, 0, 0, 0])
    assert numbers[9:15].tolist() == pytest.approx([0.5, 0.07, 0, 0, 0, 0])
    assert numbers[15:17].tolist() == pytest.approx([1 / 255, 128 / 255])
    assert not numbers[17:].any()


@given(
    st.integers(0, 255),
    st.sampled_from([0, 4, 8, 12]),
    st.sampled_from([0, 1, 2]),
    st.lists(st.integers(0, 100), max_size=6),
    st.sets(st.integers(0, 2559)),
)
def test_decoding_gives_back_every_quantity_exactly(
    make_state: Make,
    make_member: Callable[..., bytes],
    map_id: int,
    facing: int,
    battle: int,
    levels: list[int],
    events: set[int],
) -> None:
    party = tuple(make_member(level=level) for level in levels)
    state = make_state(
        map_id=map_id, facing=facing, battle=battle, party=party, events=tuple(events)
    )
    decoded = decode_state(vector(state))
    assert decoded["map_id"] == [map_id]
    assert decoded["direction"] == [facing // 4]
    assert decoded["in_battle"] == [battle]
    assert decoded["party_level"].tolist() == levels + [0] * (6 - len(levels))
    assert bytes(decoded["events"].astype(np.uint8)) == state.events


def test_a_batch_of_vectors_is_decoded_along_its_last_axis() -> None:
    decoded = decode_state(np.zeros((4, 3, STATE_SIZE), np.float32))
    assert decoded["party_hp"].shape == (4, 3, 6)


@pytest.mark.parametrize("wrong", [np.zeros(334), np.float32(1), np.zeros((335, 2))])
def test_a_vector_of_another_size_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="335"):
        decode_state(wrong)


def test_glitched_levels_and_hit_points_stay_inside_the_space(
    make_state: Make, make_member: Callable[..., bytes]
) -> None:
    state = make_state(party=(make_member(level=255, hp=2303, max_hp=274),) * 6)
    assert OBSERVATION_SPACE["state"].contains(vector(state))


def test_the_screen_is_every_second_pixel_and_the_text_is_padded(make_state: Make) -> None:
    lcd = np.random.default_rng(0).integers(0, 256, (144, 160, 4), np.uint8)
    out = observation.new_observation()
    out["text"][:] = 9
    encoder = observation.Encoder(lcd, Exploration(MapTable([])))
    encoder.encode(make_state(), ScreenText(encode("HI")), out)
    assert (out["screen"][:, :, 0] == lcd[::2, ::2, 0]).all()
    assert out["text"].tolist() == [*encode("HI"), *[0] * 198]
    assert OBSERVATION_SPACE.contains(out)


def test_the_printed_table_has_a_row_for_every_field() -> None:
    table = observation.describe_state_layout()
    assert table.count("\n") == len(STATE_LAYOUT) + 1
    assert "| 15–334 | `events` |" in table
