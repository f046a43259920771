"""Live views of the Game Boy's memory, which PyBoy hands out in lists of numbers only."""

from __future__ import annotations

import ctypes
import gc
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

BLOCK = 0x2000
"""Bytes of work RAM and of video memory, which both begin at a multiple of it."""
_VIDEO_RAM, _WORK_RAM = 0x8000, 0xC000
_MARKER = bytes(range(0x80, 0xC0))
_RECORDING = Lock()


@contextmanager
def arrays_of_ram() -> Iterator[list[array[int]]]:
    """Collect the arrays PyBoy allocates for its RAM meanwhile."""
    arrays: list[array[int]] = []

    def allocate(*args: Any) -> array[int]:
        arrays.append(array(*args))
        return arrays[-1]

    module: Any = sys.modules.get("pyboy.core.ram")
    if not hasattr(module, "array"):
        yield arrays
        return
    with _RECORDING:
        original, module.array = module.array, allocate
        try:
            yield arrays
        finally:
            module.array = original


def views_of_ram(memory: Any, arrays: list[array[int]]) -> dict[int, memoryview]:
    """Return live views of work RAM and video memory by address, as far as they can be found.

    PyBoy hands memory out in lists of numbers only, which costs more than all that is made of them.
    Where it comes to keep its memory otherwise, it is asked for those lists.
    """
    views = {}
    finders = {_WORK_RAM: lambda: _marked_array(arrays), _VIDEO_RAM: lambda: _marked_part(memory)}
    for start, find in finders.items():
        place = slice(start, start + len(_MARKER))
        before, memory[place] = memory[place], list(_MARKER)
        view = find()
        memory[place] = before
        if view is not None and view.tolist() == memory[start : start + BLOCK]:
            views[start] = view
    return views


def _marked_array(arrays: list[array[int]]) -> memoryview | None:
    return next((memoryview(a) for a in arrays if a.tobytes().startswith(_MARKER)), None)


def _marked_part(memory: Any) -> memoryview | None:
    """Find video memory, which is no object but a stretch of PyBoy's LCD."""
    for part in gc.get_referents(*gc.get_referents(memory)):
        size = type(part).__basicsize__
        if type(part).__name__ == "LCD" and size > BLOCK:
            offset = ctypes.string_at(id(part), size).find(_MARKER)
            if 0 <= offset <= size - BLOCK:
                block = (ctypes.c_uint8 * BLOCK).from_address(id(part) + offset)
                block.owner = part  # type: ignore[attr-defined] # lives as long as the view
                return memoryview(block).cast("B")
    return None
