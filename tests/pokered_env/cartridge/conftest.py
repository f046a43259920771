"""Makes the cartridge's build importable and boots consoles for the tests beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CARTRIDGE = Path(__file__).parents[3] / "packages" / "pokered-env" / "cartridge"
sys.path[:0] = [str(CARTRIDGE), str(Path(__file__).parent)]

from atlas import Atlas  # noqa: E402
from console import Console  # noqa: E402
from moments import Moment, read_moments  # noqa: E402
from player import Player  # noqa: E402
from walkthrough import Walkthrough  # noqa: E402


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return Atlas.read(CARTRIDGE / "content")


@pytest.fixture(scope="session")
def start_state() -> bytes:
    """A new game, the player in control in the first room."""
    console = Console()
    console.play_start_script()
    state = console.save()
    console.close()
    return state


@pytest.fixture(scope="session")
def keeper_state(start_state: bytes, atlas: Atlas) -> bytes:
    """Played on until there is a starter, a lantern and a letter; at home."""
    console = Console()
    console.load(start_state)
    walkthrough = Walkthrough(Player(console, atlas))
    walkthrough.lodge()
    walkthrough.letter()
    state = console.save()
    console.close()
    return state


@pytest.fixture(scope="session")
def in_reeds_state(keeper_state: bytes, atlas: Atlas) -> bytes:
    """In the tall grass, with a mote."""
    console = Console()
    console.load(keeper_state)
    player = Player(console, atlas)
    player.walk_to("REED_PATH", *player.grass("REED_PATH"))
    state = console.save()
    console.close()
    return state


@pytest.fixture(scope="session")
def moments(atlas: Atlas) -> list[Moment]:
    return read_moments(atlas)


@pytest.fixture
def visitor(atlas: Atlas) -> Iterator[Player]:
    """Somebody with a console that is still at power-on: load a moment."""
    console = Console()
    yield Player(console, atlas)
    console.close()


@pytest.fixture
def console(start_state: bytes) -> Iterator[Console]:
    console = Console()
    console.load(start_state)
    yield console
    console.close()


@pytest.fixture
def player(console: Console, atlas: Atlas) -> Player:
    """At the start of the game."""
    return Player(console, atlas)


@pytest.fixture
def keeper(console: Console, keeper_state: bytes, atlas: Atlas) -> Player:
    """With a starter, at home."""
    console.load(keeper_state)
    return Player(console, atlas)


@pytest.fixture
def in_wild_battle(keeper: Player) -> Player:
    """At the menu of a first wild battle."""
    keeper.walk_to("REED_PATH", *keeper.grass("REED_PATH"))
    for i in range(200):
        keeper.press(("right", "left")[i % 2])
        if keeper.in_battle():
            keeper.read_to_battle_menu()
            return keeper
    raise AssertionError("no wild mote comes")
