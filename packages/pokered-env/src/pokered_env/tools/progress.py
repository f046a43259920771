"""How far a command has come, for people who watch it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")
_SECONDS_BETWEEN = 0.2


def counted(items: Iterable[_Item], total: int, what: str) -> Iterator[_Item]:
    """Hand out items, counting them on the terminal."""
    note = notes(total, what)
    for number, item in enumerate(items):
        note(number)
        yield item
    note(-1)


def notes(total: int, what: str) -> Callable[[int], None]:
    """Return a function that shows ``number`` of ``total`` on a terminal; -1 wipes it away."""
    last = 0.0

    def note(number: int) -> None:
        nonlocal last
        if not sys.stderr.isatty():
            return
        if number < 0:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - last >= _SECONDS_BETWEEN:
            last = time.monotonic()
            print(f"\r{what}: {number:,} of {total:,}", end="", file=sys.stderr, flush=True)

    return note
