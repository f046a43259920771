"""Latents kept beside the replay: the posterior at every K-th row, refreshed after each update.

Chunks never change, latents do; so they live in a side file per stream, one fixed-size slot for
every K-th row, memory-mapped and as long as what has been stored. To be able to return to a
checkpoint after a kill, the first overwrite of a slot since the last checkpoint saves the slot's
old bytes in an undo file first.

The deterministic state is kept as 8-bit shares of its largest magnitude: its numbers lie within
[-1, 1], and what half a hundredth adds is less than what the model forgets within a row.

```
replay/context_0000.bin        slots of stream 0: row + 1 (0 = empty), deter, stoch
replay/context_undo_000003.bin (stream, slot, old bytes) changed since checkpoint mark 3
```
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.durable import sync
from dreamer_agent.replay.batch import Batch, Context
from dreamer_agent.replay.files import open_to_write, write_whole
from dreamer_agent.replay.slots import Slots
from dreamer_agent.replay.windows import Window

__all__ = ["ContextStore", "open_context"]

_UNDO_GLOB = "context_undo_*.bin"
_LEVELS = 127
_TINY = np.float32(1e-30)  # instead of 0, which nothing can be divided by


class ContextStore:
    """Sparse latents by (stream, row); rows with ``(row + 1) % every == 0`` have a slot.

    Args:
        num_streams: Number of streams.
        capacity: Rows per stream; slots of older rows are reused.
        every: K, rows per slot.
        deter_size: D.
        num_stoch: S, categoricals per state.
        num_classes: Classes per categorical.
        directory: Where the side files are; None keeps them in memory.
    """

    def __init__(
        self,
        num_streams: int,
        capacity: int,
        every: int,
        deter_size: int,
        num_stoch: int,
        num_classes: int,
        directory: Path | None = None,
    ) -> None:
        self.every = every
        self._slots = capacity // every + 2
        self._directory = directory
        stoch_dtype = np.dtype(np.uint8 if num_classes <= 256 else np.uint16)
        self._record = np.dtype(
            [
                ("row", "<i8"),
                ("scale", "<f4"),
                ("deter", "i1", (deter_size,)),
                ("stoch", stoch_dtype, (num_stoch,)),
            ]
        )
        self._undo_record = np.dtype(
            [("stream", "<u4"), ("slot", "<u4"), ("old", np.void, self._record.itemsize)]
        )
        self._data = [Slots(self._slots, self._record, self._path(i)) for i in range(num_streams)]
        self._saved = np.zeros((num_streams, self._slots), np.bool_)
        self._undo_fd: int | None = None
        self.generation = 0

    def _path(self, stream: int) -> Path | None:
        return self._directory / f"context_{stream:04d}.bin" if self._directory else None

    def has_slot(self, row: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows (negative: padding) have a slot."""
        return (row >= 0) & ((row + 1) % self.every == 0)

    def write(
        self,
        stream: NDArray[np.int64],
        row: NDArray[np.int64],
        deter: NDArray[Any],
        stoch: NDArray[Any],
    ) -> None:
        """Store the latents of these rows, ``(M,)``, ``(M, D)`` and ``(M, S)``; all need a slot.

        A state that is not finite is no start: it is not stored.
        """
        scale = np.abs(deter).max(1, initial=0).astype(np.float32)
        finite = np.isfinite(scale)
        stream, row, scale = stream[finite], row[finite], scale[finite]
        levels = np.rint(deter[finite] * (_LEVELS / np.maximum(scale, _TINY))[:, None])
        stoch = stoch[finite]
        slot = row // self.every % self._slots
        self._save_old(stream, slot)
        for index, data in enumerate(self._data):
            mine = stream == index
            if mine.any():
                records = np.empty(int(mine.sum()), self._record)
                records["row"] = row[mine] + 1
                records["scale"] = scale[mine]
                records["deter"] = levels[mine]
                records["stoch"] = stoch[mine]
                data[slot[mine]] = records

    def read(self, stream: NDArray[np.int64], row: NDArray[np.int64]) -> Context:
        """Latents of these rows ``(B,)``; ``valid`` is False where nothing is stored."""
        slot = np.maximum(row, 0) // self.every % self._slots
        records = np.empty(len(row), self._record)
        for index, data in enumerate(self._data):
            mine = stream == index
            records[mine] = data[slot[mine]]
        valid = (records["row"] == row + 1) & self.has_slot(row)
        zero = ~valid
        records["scale"][zero], records["deter"][zero], records["stoch"][zero] = 0, 0, 0
        deter = records["deter"] / np.float32(_LEVELS) * records["scale"][:, None]
        stoch = records["stoch"].astype(np.int64)
        return {"deter": deter, "stoch": stoch, "valid": valid}

    def attach(self, batch: Batch, windows: Sequence[Window]) -> Batch:
        """Return a batch with the latents before its sequences, and before their burn-in."""
        before = batch.burn_in
        if before is not None:
            before = self.attach(before, [window.before for window in windows])
        stream = np.array([window.stream for window in windows], np.int64)
        row = np.array([window.start - 1 for window in windows], np.int64)
        return replace(batch, context=self.read(stream, row), burn_in=before)

    def mark(self) -> int:
        """Begin a new generation: ``revert(generation)`` returns to this moment."""
        if self._directory is None:
            return 0
        for data in self._data:
            data.flush()
        self.generation += 1
        self._start_undo()
        sync(self._directory)
        return self.generation

    def checksums(self) -> list[int]:
        """What ``revert`` checks that it came back to, per stream."""
        return [data.checksum for data in self._data]

    def revert(self, generation: int, checksums: Sequence[int] | None = None) -> None:
        """Return every slot to what it held when ``mark`` gave this generation.

        Args:
            generation: As ``mark`` gave it.
            checksums: Of that moment. A stream that cannot be brought back to it is named in a
                warning and begins without latents. None (earlier versions kept none) checks none.
        """
        if self._directory is None:
            return
        self.close()
        for path in sorted(self._directory.glob(_UNDO_GLOB), reverse=True):
            if _generation_of(path) < generation:
                continue
            whole = path.stat().st_size // self._undo_record.itemsize
            entries = np.fromfile(path, self._undo_record, whole)
            for entry in entries[::-1]:
                if entry["stream"] >= len(self._data) or entry["slot"] >= self._slots:
                    continue  # damage; what it should have undone shows in the checksum
                old = np.frombuffer(entry["old"].tobytes(), self._record)
                self._data[entry["stream"]][np.array([entry["slot"]])] = old
            path.unlink()
        for data, checksum in zip(self._data, checksums or (), strict=False):
            if data.checksum != checksum:
                data.clear()
                warnings.warn(
                    f"{data.path} or its undo file is damaged: the latents kept there are "
                    "dropped. Sequences begin from the zero state until they are learned anew.",
                    stacklevel=4,
                )
        self.generation = generation
        self._start_undo()

    def forget_before(self, generation: int) -> None:
        """Drop the undo files no kept checkpoint needs any more."""
        for path in self._directory.glob(_UNDO_GLOB) if self._directory else ():
            if _generation_of(path) < generation:
                path.unlink()

    def close(self) -> None:
        """Close the undo file and flush the side files."""
        if self._undo_fd is not None:
            os.close(self._undo_fd)
            self._undo_fd = None
        for data in self._data:
            data.flush()

    def num_bytes(self) -> int:
        """Bytes of the slots in use."""
        return sum(data.num_used for data in self._data) * self._record.itemsize

    def _start_undo(self) -> None:
        assert self._directory is not None
        if self._undo_fd is not None:
            os.fsync(self._undo_fd)  # a checkpoint before this one may need it
            os.close(self._undo_fd)
        path = self._directory / f"context_undo_{self.generation:06d}.bin"
        self._undo_fd, self._undo_path, self._undo_bytes = open_to_write(path), path, 0
        self._saved[:] = False

    def _save_old(self, stream: NDArray[np.int64], slot: NDArray[np.int64]) -> None:
        if self._undo_fd is None:
            return
        fresh = ~self._saved[stream, slot]
        pairs = np.unique(np.stack([stream[fresh], slot[fresh]], 1), axis=0)
        entries = np.empty(len(pairs), self._undo_record)
        for entry, (index, place) in zip(entries, pairs, strict=True):
            entry["stream"], entry["slot"] = index, place
            entry["old"] = np.void(self._data[index][np.array([place])].tobytes())
        if len(entries):
            write_whole(self._undo_fd, entries.tobytes(), self._undo_path, self._undo_bytes)
            self._undo_bytes += entries.nbytes
            self._saved[stream, slot] = True


def _generation_of(path: Path) -> int:
    return int(path.stem.rsplit("_", 1)[1])


def open_context(
    num_streams: int,
    capacity: int,
    every: int,
    latent_sizes: tuple[int, int, int] | None,
    directory: Path | None,
) -> ContextStore | None:
    """Open the latents of a replay, or None if it keeps none: no sizes, or ``every`` is 0."""
    if latent_sizes is None or not every:
        return None
    return ContextStore(num_streams, capacity, every, *latent_sizes, directory=directory)
