"""Fixed-size records by number, in a file that grows with use, or in memory."""

from __future__ import annotations

import os
import zlib
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

    Attributes:
        path: As given.
        num_used: Slots that hold something.
        checksum: Of all that is stored; kept up with every write, so that it costs no reading.
    """

    def __init__(self, num_slots: int, record: np.dtype[Any], path: Path | None) -> None:
        self._num_slots = num_slots
        self._record = record
        self.path = path
        self._data: NDArray[Any] = np.zeros(0, record)
        if path is not None and path.exists():
            self._map(path.stat().st_size // record.itemsize)
        self.num_used = int(np.count_nonzero(self._data["row"]))
        self._crcs = self._crcs_of(np.arange(len(self._data)))
        self.checksum = int(self._crcs.sum())

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
        crcs = self._crcs_of(places)
        self.checksum += int(crcs.sum()) - int(self._crcs[places].sum())
        self._crcs[places] = crcs

    def clear(self) -> None:
        """Forget every record."""
        used = np.flatnonzero(self._data["row"])
        self[used] = np.zeros(len(used), self._record)

    def flush(self) -> None:
        """Hand what was stored to the disk."""
        if isinstance(self._data, np.memmap):
            self._data.flush()

    def _crcs_of(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """CRC-32 of each slot's number and record; 0 where nothing is stored."""
        crcs = np.zeros(len(slots), np.int64)
        for index in np.flatnonzero(self._data["row"][slots]):
            slot = int(slots[index])
            crcs[index] = zlib.crc32(self._data[slot].tobytes(), slot)
        return crcs

    def _make_room(self, needed: int) -> None:
        if needed <= len(self._data):
            return
        size = min(-(-needed // PIECE) * PIECE, self._num_slots)
        self._crcs = np.concatenate([self._crcs, np.zeros(size - len(self._crcs), np.int64)])
        if self.path is None:
            self._data = np.concatenate(
                [self._data, np.zeros(size - len(self._data), self._record)]
            )
            return
        self.flush()
        whole = len(self._data) * self._record.itemsize
        missing = size * self._record.itemsize - whole
        with self.path.open("r+b" if self.path.exists() else "w+b", buffering=0) as file:
            os.truncate(self.path, whole)
            file.seek(whole)
            write_whole(file.fileno(), bytes(missing), self.path, whole)
        self._map(size)

    def _map(self, num_slots: int) -> None:
        if num_slots and self.path is not None:
            self._data = np.memmap(self.path, self._record, "r+", shape=(num_slots,))
