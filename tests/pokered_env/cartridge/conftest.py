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


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return Atlas.read(CARTRIDGE / "content")


@pytest.fixture(scope="session")
def start_state() -> bytes:
    console = Console()
    console.play_start_script()
    state = console.save()
    console.close()
    return state


@pytest.fixture
def console(start_state: bytes) -> Iterator[Console]:
    """A console with a new game, the player in control in the first room."""
    console = Console()
    console.load(start_state)
    yield console
    console.close()
