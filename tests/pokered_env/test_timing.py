from __future__ import annotations

import pytest
from pokered_env.errors import ConfigError
from pokered_env.timing import MAX_READY_FRAMES, Timing, make_timing


def test_frames_are_taken_as_given() -> None:
    assert make_timing(24, 8) == Timing(24, 8, until_ready=False)


def test_until_ready_has_a_limit() -> None:
    assert make_timing("until_ready", 8) == Timing(MAX_READY_FRAMES, 8, until_ready=True)


@pytest.mark.parametrize(
    ("action_frames", "hold_frames"), [(24, 24), (1, 1), (24, 0), (10**9, 8), (True, 8), (24, 8.0)]
)
def test_a_button_is_pressed_and_released_within_the_action(
    action_frames: int, hold_frames: int
) -> None:
    with pytest.raises(ConfigError, match="0 < hold_frames < action_frames"):
        make_timing(action_frames, hold_frames)
