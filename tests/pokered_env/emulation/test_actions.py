from __future__ import annotations

import pytest
from pokered_env.emulation.actions import ACTION_SETS, Button, action_number, heeded_mask
from pokered_env.errors import InvalidActionError


def test_the_default_actions_are_the_seven_of_the_contract() -> None:
    names = [button.value for button in ACTION_SETS["default"]]
    assert names == ["down", "left", "right", "up", "a", "b", "start"]
    assert ACTION_SETS["full"][:7] == ACTION_SETS["default"]
    assert ACTION_SETS["full"][7].key is None


def test_every_bit_of_the_joypad_belongs_to_one_button() -> None:
    bits = [button.joypad_bit for button in Button if button is not Button.NOOP]
    assert sorted(bits) == [1, 2, 4, 8, 16, 32, 64, 128]
    assert Button.NOOP.joypad_bit == 0


def test_the_mask_is_0_for_ignored_buttons() -> None:
    assert heeded_mask(ACTION_SETS["full"], 0xF0 | 0x08).tolist() == [0, 0, 0, 0, 1, 1, 0, 1, 1]


def test_a_number_beyond_the_set_is_refused_with_the_list() -> None:
    assert action_number(6, ACTION_SETS["default"]) == 6
    with pytest.raises(InvalidActionError, match=r"no action 7.*6 start\."):
        action_number(7, ACTION_SETS["default"])


def test_a_game_that_ignores_every_button_leaves_them_all_allowed() -> None:
    assert heeded_mask(ACTION_SETS["default"], 0xFF).all()
    assert heeded_mask(ACTION_SETS["full"], 0xFF).all()
