"""Ways to earn something for nothing, tried on the open cartridge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pokered_env.env import PokeRedEnv
from pokered_env.game import ram

DOWN, LEFT, RIGHT, UP, A, B, START, NOOP, SELECT = range(9)


def earn(env: PokeRedEnv, actions: list[int]) -> float:
    return sum(float(env.step(action)[1]) for action in actions)


@pytest.fixture(scope="module")
def env() -> PokeRedEnv:
    return PokeRedEnv(action_set="full", max_steps=None)


def test_standing_still_earns_nothing(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    assert earn(env, [NOOP] * 300) == 0


def test_mashing_the_menu_earns_nothing(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    menu = [START, DOWN, UP, A, B, B, START, UP, A, B, B, SELECT, START, START]
    assert earn(env, menu * 20) == 0


def test_walking_in_a_circle_earns_its_tiles_once(env: PokeRedEnv) -> None:
    env.reset(seed=2)  # nobody steps in the way and so shifts the circle
    circle = [RIGHT, UP, LEFT, DOWN]
    first = earn(env, circle * 4)
    assert first > 0
    assert earn(env, circle * 40) == pytest.approx(0)


def test_entering_and_leaving_a_house_again_and_again_earns_nothing_new(env: PokeRedEnv) -> None:
    env.reset(seed=0)
    doors = [DOWN] * 6 + [UP] * 6
    earn(env, doors * 4)
    before = env.progress.exploration.num_tiles
    earned = earn(env, doors * 15)
    tiles = env.progress.exploration.num_tiles - before
    assert earned == pytest.approx(0.1 * tiles)
    assert tiles <= 3  # someone in the way may have made room


@pytest.mark.parametrize("hp", [[20, 1, 20], [20, 0, 20]])
def test_being_hurt_and_healed_earns_nothing(env: PokeRedEnv, hp: list[int]) -> None:
    env.reset(seed=0)
    write = env.emulator.write
    write(ram.PARTY_COUNT.address, 1)
    write(ram.PARTY_MONS.address + ram.MON_MAX_HP + 1, 20)
    write(ram.PARTY_MONS.address + ram.MON_HP + 1, 20)
    earn(env, [NOOP])
    total = 0.0
    for value in hp * 10:
        write(ram.PARTY_MONS.address + ram.MON_HP + 1, value)
        total += earn(env, [NOOP])
    assert total <= 1e-9


def test_members_put_away_and_taken_back_earn_nothing(
    env: PokeRedEnv, make_member: Callable[..., bytes]
) -> None:
    env.reset(seed=0)
    members = make_member(level=9) + make_member(level=30, hp=2)
    for i, byte in enumerate(members):
        env.emulator.write(ram.PARTY_MONS.address + i, byte)
    env.emulator.write(ram.PARTY_COUNT.address, 2)
    earn(env, [NOOP])
    total = 0.0
    for count in [1, 2] * 10:
        env.emulator.write(ram.PARTY_COUNT.address, count)
        total += earn(env, [NOOP])
    assert total == pytest.approx(0)
