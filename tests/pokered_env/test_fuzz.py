"""Nonsense of every kind ends in an error of our own, or in an environment that works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pokered_env.env import PokeRedEnv
from pokered_env.errors import PokeRedError, StateError
from pokered_env.task.start_states import load_start_state

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.just([]),
    st.just({}),
)
SENSIBLE = {
    "start_state": st.sampled_from(["start", "power_on"]),
    "action_set": st.sampled_from(["default", "full"]),
    "action_frames": st.one_of(st.integers(9, 60), st.just("until_ready")),
    "hold_frames": st.integers(1, 8),
    "repeat_action_probability": st.floats(0, 1),
    "max_steps": st.one_of(st.none(), st.integers(1, 2**40)),
    "goal": st.one_of(st.integers(1, 8), st.just("GOT_STARTER")),
    "reward_weights": st.dictionaries(st.sampled_from(["events", "heal"]), st.floats(-9, 9)),
    "action_mask": st.booleans(),
    "numeric_info": st.booleans(),
    "render_mode": st.sampled_from([None, "rgb_array", "ansi"]),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), wrong=st.one_of(st.none(), st.sampled_from(sorted(SENSIBLE))))
def test_any_arguments_make_an_environment_or_an_error_of_ours(
    data: st.DataObject, wrong: str | None
) -> None:
    arguments = {name: data.draw(values, label=name) for name, values in SENSIBLE.items()}
    if wrong is not None:
        arguments[wrong] = data.draw(ANYTHING, label=f"wrong {wrong}")
    try:
        env = PokeRedEnv(**arguments)
    except PokeRedError:
        assert wrong is not None
        return
    with env:
        env.reset(seed=0)
        seen, _, _, _, _ = env.step(0)
        assert env.observation_space.contains(seen)


@pytest.fixture(scope="module")
def env() -> Iterator[PokeRedEnv]:
    with PokeRedEnv() as made:
        yield made


@settings(max_examples=60, deadline=None)
@given(action=ANYTHING)
def test_any_action_is_taken_or_refused(env: PokeRedEnv, action: Any) -> None:
    env.reset(seed=0)
    try:
        env.step(action)
    except PokeRedError:
        assert not (isinstance(action, int) and 0 <= action < 7)


@settings(max_examples=60, deadline=None)
@given(options=st.dictionaries(st.sampled_from(["state", "other"]), ANYTHING))
def test_any_reset_options_are_taken_or_refused(env: PokeRedEnv, options: dict[str, Any]) -> None:
    try:
        env.reset(seed=0, options=options)
    except PokeRedError:
        assert options
    env.reset(seed=0)
    env.step(0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_save_state_is_refused_or_played_without_a_crash(
    env: PokeRedEnv, data: st.DataObject
) -> None:
    state = bytearray(load_start_state(env.rom, "start"))
    for _ in range(data.draw(st.integers(1, 40))):
        state[data.draw(st.integers(0, len(state) - 1))] = data.draw(st.integers(0, 255))
    try:
        env.reset(seed=0, options={"state": bytes(state)})
        env.step(0)
    except StateError:
        pass
    _, info = env.reset(seed=0)
    assert info["map_name"] == "HOME"
