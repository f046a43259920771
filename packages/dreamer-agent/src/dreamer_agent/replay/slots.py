"""Fixed-size records by number, in a file that grows with use, or in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.replay.files import write_whole

__all__ = ["Slots"]

PIECE = 4096
"""Slots the file grows by. They are written, not left as a hole: a full disk then is an error of
the write that makes room, and not a bus error of some later access."""


class Slots:
    """Records by slot; those never written read as zeros.

    Args:
        num_slots: How many there may be.
        record: Type of a record; its field ``row`` is 0 where nothing is stored.
        path: The file; None keeps them in memory.
    """

    def __init__(self, num_slots: int, record: np.dtype[Any], path: Path | None) -> None:
        self._num_slots = num_slots
        self._record = record
        self._path = path
        self._data: NDArray[Any] = np.zeros(0, record)
        if path is not None and path.exists():
            self._map(path.stat().st_size // record.itemsize)
        self.num_used = int(np.count_nonzero(self._data["row"]))

    def __getitem__(self, slots: NDArray[np.int64]) -> NDArray[Any]:
        """Return copies of the records of these slots ``(M,)``."""
        records = np.zeros(len(slots), self._record)
        there = slots < len(self._data)
        records[there] = self._data[slots[there]]
        return records

    def __setitem__(self, slots: NDArray[np.int64], records: NDArray[Any]) -> None:
        """Store records in these slots; of a slot named twice the last one stays.

        Raises:
            ReplayError: The disk has no room for more slots; nothing was stored.
        """
        if not len(slots):
            return
        self._make_room(int(slots.max()) + 1)
        places = np.unique(slots)
        before = np.count_nonzero(self._data["row"][places])
        self._data[slots] = records
        self.num_used += int(np.count_nonzero(self._data["row"][places]) - before)

    def flush(self) -> None:
        """Hand what was stored to the disk."""
        if isinstance(self._data, np.memmap):
            self._data.flush()

    def _make_room(self, needed: int) -> None:
        if needed <= len(self._data):
            return
        size = min(-(-needed // PIECE) * PIECE, self._num_slots)
        if self._path is None:
            self._data = np.concatenate(
                [self._data, np.zeros(size - len(self._data), self._record)]
            )
            return
        self.flush()
        whole = len(self._data) * self._record.itemsize
        missing = size * self._record.itemsize - whole
        with self._path.open("r+b" if self._path.exists() else "w+b", buffering=0) as file:
            os.truncate(self._path, whole)
            file.seek(whole)
            write_whole(file.fileno(), bytes(missing), self._path, whole)
        self._map(size)

    def _map(self, num_slots: int) -> None:
        if num_slots and self._path is not None:
            self._data = np.memmap(self._path, self._record, "r+", shape=(num_slots,))
