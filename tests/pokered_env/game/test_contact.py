from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
from pokered_env.env import PokeRedEnv
from pokered_env.game import ram
from pokered_env.game.contact import read_contact
from pokered_env.recording.recordings import Recording

MakeMemory = Callable[..., Recording]
Place = tuple[int, int]
TALKING = {"talks": 1.0, "signs": 1.0, "menus": 1.0}
TOP_LEFT = ram.TILE_MAP.address.to_bytes(2, "little")


def surroundings(
    persons: list[Place], signs: list[Place], facing: int, is_shown: bool = True
) -> list[tuple[ram.Symbol, bytes]]:
    state_1, state_2 = bytearray(240), bytearray(240)
    for slot, (x, y) in enumerate(persons):
        state_1[16 * slot], state_1[16 * slot + 2] = 1, 0 if is_shown else 0xFF
        state_2[16 * slot + 4], state_2[16 * slot + 5] = y + 4, x + 4
    return [
        (ram.PLAYER_FACING, bytes([facing])),
        (ram.SPRITE_STATE_1, bytes(state_1)),
        (ram.SPRITE_STATE_2, bytes(state_2)),
        (ram.NUM_SPRITES, bytes([len(persons)])),
        (ram.NUM_SIGNS, bytes([len(signs)])),
        (ram.SIGN_COORDS, bytes(number for x, y in signs for number in (y, x))),
        (ram.WINDOW_Y, bytes([ram.WINDOW_HIDDEN])),
        (ram.CUR_MAP, b"\7"),
        (ram.X_COORD, b"\5"),
        (ram.Y_COORD, b"\5"),
    ]


@pytest.mark.parametrize(("facing", "slot"), [(0, 1), (4, 2), (8, 3), (12, 4)])
def test_the_player_faces_who_stands_where_it_looks(
    make_memory: MakeMemory, facing: int, slot: int
) -> None:
    persons = [(5, 6), (5, 4), (4, 5), (6, 5)]
    contact = read_contact(make_memory(*surroundings(persons, [], facing)))
    assert contact.faces == ("person", 7, slot)
    hidden = make_memory(*surroundings(persons, [], facing, is_shown=False))
    assert read_contact(hidden).faces is None


def test_a_sign_comes_before_the_person_behind_it_and_a_counter_lets_talk(
    make_memory: MakeMemory,
) -> None:
    behind = surroundings([(7, 5)], [(1, 1), (6, 5)], 12)
    assert read_contact(make_memory(*behind)).faces == ("sign", 7, 1)
    assert read_contact(make_memory(*surroundings([(7, 5)], [], 12))).faces == ("person", 7, 1)


def test_a_menu_is_open_where_its_cursor_is_shown(make_memory: MakeMemory) -> None:
    pokes = (ram.TOP_MENU_ITEM, bytes([2, 11])), (ram.MENU_CURSOR, TOP_LEFT)
    assert read_contact(make_memory(*pokes, (ram.TILE_MAP, b"\xed"))).menu == ("menu", 2, 11)
    assert read_contact(make_memory(*pokes, (ram.TILE_MAP, b"\xec"))).menu is None


def test_a_person_a_sign_and_a_menu_pay_once_on_the_cartridge_and_copies_know_it() -> None:
    with PokeRedEnv(reward_weights=TALKING) as env:
        env.reset(seed=0)
        draw, paid = np.random.default_rng(1), dict.fromkeys(TALKING, 0.0)
        for action in draw.choice(7, 400, p=[0.12, 0.12, 0.12, 0.12, 0.3, 0.2, 0.02]).tolist():
            terms = env.step(action)[4]["reward_terms"]
            paid = {name: paid[name] + terms[name] for name in paid}
        kinds = [kind for kind, _, _ in env.progress.met]
        assert all(paid.values())
        assert list(paid.values()) == [kinds.count(kind) for kind in ("person", "sign", "menu")]
        with deepcopy(env) as other:
            assert other.progress.met == env.progress.met


def test_nobody_pays_for_what_nobody_asked_for() -> None:
    with PokeRedEnv() as env:
        env.reset(seed=0)
        env.step(6)
        assert env.game_state.contact is None and not env.progress.met
