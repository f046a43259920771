"""Replay: rows in, batches of sequences out, latents back; kept packed, on disk or in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import CorruptChunkError, ReplayError
from dreamer_agent.replay.batch import Batch
from dreamer_agent.replay.chunk import Field
from dreamer_agent.replay.config import ReplayConfig, ReplayStats, check_starts
from dreamer_agent.replay.context import open_context
from dreamer_agent.replay.read_ahead import ReadAhead
from dreamer_agent.replay.retention import Retention
from dreamer_agent.replay.rows import row_fields, row_id, split_ids
from dreamer_agent.replay.sampler import Sampler
from dreamer_agent.replay.schema import count_streams, load_schema
from dreamer_agent.replay.store import ChunkStore
from dreamer_agent.replay.windows import (
    Window,
    are_stored,
    find_episodes,
    kept_spans,
    read_sequences,
    read_windows,
    spread_windows,
    with_burn_in,
)

__all__ = ["Replay"]


class Replay:
    """Experience of several environments.

    Args:
        fields: Columns of a row (``row_fields``).
        num_streams: Number of environments.
        batch_size: B.
        sequence_length: T.
        config: Storage and sampling.
        latent_sizes: (D, S, C) of the agent's state; None keeps no latents.
        directory: Where to keep everything; None keeps it in memory, packed.
        seed: Root of the sampler's randomness.
        read_only: Open a stored replay to learn from it; nothing in it is changed.

    Raises:
        ReplayError: The directory holds rows with other columns.
        ConfigError: ``context_every`` does not fit ``sequence_length`` or ``burn_in``.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        num_streams: int,
        batch_size: int,
        sequence_length: int,
        config: ReplayConfig | None = None,
        *,
        latent_sizes: tuple[int, int, int] | None = None,
        directory: Path | None = None,
        seed: int = 0,
        read_only: bool = False,
    ) -> None:
        self.config = config or ReplayConfig()
        self.batch_size, self.sequence_length = batch_size, sequence_length
        every = self.config.context_every if latent_sizes else 0
        check_starts(every, sequence_length, self.config.burn_in)
        self._capacity = -(-self.config.capacity // num_streams)
        self._store = ChunkStore(
            fields, num_streams, directory, self.config.chunk_length, read_only
        )
        context_directory = None if read_only else directory
        self._context = open_context(
            num_streams, self._capacity, every, latent_sizes, context_directory
        )
        self._sampler = Sampler(
            num_streams,
            sequence_length,
            self.config.boundary,
            every or 1,
            seed,
            self.config.online and not read_only,
        )
        self._ahead = ReadAhead(self._read, self.config.prefetch)
        self._retention = Retention(self._store, self._capacity)
        if any(self._store.stop(stream) for stream in range(num_streams)):
            self._sampler.restore(self._sampler.state(), self._episodes())

    @classmethod
    def open(
        cls,
        directory: Path,
        batch_size: int,
        sequence_length: int,
        config: ReplayConfig | None = None,
        **arguments: Any,
    ) -> Replay:
        """Open a stored replay read-only, with the columns it was written with.

        Args:
            directory: Where it is (``RUN/replay``).
            batch_size: B; the rest is as in the constructor.
            sequence_length: T.
            config: Sampling; how it was stored is found out.
            arguments: ``latent_sizes`` and ``seed``.

        Raises:
            ReplayError: There is no replay in this directory.
        """
        fields = load_schema(directory)
        streams = count_streams(directory)
        sizes = (batch_size, sequence_length, config)
        return cls(fields, streams, *sizes, directory=directory, read_only=True, **arguments)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Columns of a row."""
        return self._store.fields

    @property
    def num_streams(self) -> int:
        """Number of environments whose rows are kept apart."""
        return self._store.num_streams

    @classmethod
    def for_spaces(
        cls,
        observation_space: gym.spaces.Dict,
        action_space: gym.Space[Any],
        *,
        batch_size: int,
        sequence_length: int,
        num_streams: int = 1,
        **arguments: Any,
    ) -> Replay:
        """Make a replay for rows of these spaces (of one environment); the rest is as above."""
        fields = row_fields(observation_space, action_space)
        return cls(fields, num_streams, batch_size, sequence_length, **arguments)

    def add(self, row: Mapping[str, Any], stream: int = 0) -> int:
        """Add one row (from ``make_row``) to an environment's stream, in the order of time.

        Returns:
            The row's id, as in ``Batch.ids``.
        """
        index = self._store.append(stream, row)
        self._sampler.observe(stream, index, bool(row["is_first"]), bool(row["is_last"]))
        self._retention.free(self._ahead.windows or ())
        return row_id(stream, index)

    def spans(self) -> list[list[tuple[int, int]]]:
        """Per stream, the ranges [start, stop) of rows that are kept."""
        return kept_spans(self._store, self._capacity)

    def read(self, stream: int, start: int, stop: int) -> dict[str, NDArray[Any]]:
        """Read rows [start, stop) of a stream: column name to fresh array ``(stop-start, ...)``.

        Raises:
            ReplayError: Some of them are not there.
        """
        return self._store.read(stream, start, stop)

    def can_sample(self) -> bool:
        """Whether a batch can be drawn."""
        return self._has_chosen() or self._sampler.num_starts(self.spans()) > 0

    def sample(self) -> Batch:
        """Return a batch ``(B, T)``, and choose and begin to decode the one after it.

        Raises:
            ReplayError: No sequence of T rows is there yet.
        """
        while True:
            self._prepare()
            try:
                batch = self._attach(*self._ahead.take())
                break
            except CorruptChunkError:
                continue  # the store has dropped the chunk: choose anew
        self._prepare()
        return batch

    def spread(self, batch: int, length: int) -> Batch:
        """Return sequences spread evenly over all kept rows, to look at; the newest comes first.

        Nothing random is used up, and what is sampled later stays the same.

        Args:
            batch: Most sequences to return.
            length: Rows per sequence.

        Raises:
            ReplayError: No stream has ``length`` rows in a row.
        """
        every = self._context.every if self._context else 1
        windows = spread_windows(self.spans(), batch, length, every)
        return self._attach(windows, read_windows(self._store, windows, length))

    def write_latents(
        self, ids: NDArray[np.int64], deter: NDArray[Any], stoch: NDArray[np.int64]
    ) -> None:
        """Keep the posterior of those rows that have a place for it.

        Args:
            ids: Row ids, ``(...)``; -1 is ignored.
            deter: ``(..., D)``.
            stoch: Class indices, ``(..., S)``.
        """
        if self._context and (kept := self.wants_latents(ids)).any():
            self._context.write(*split_ids(ids[kept]), deter[kept], stoch[kept])

    def wants_latents(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows keep their latent."""
        if self._context is None:
            return np.zeros(ids.shape, np.bool_)
        return (ids >= 0) & self._context.has_slot(split_ids(ids)[1])

    def stats(self) -> ReplayStats:
        """Number of rows and what a row costs."""
        rows = sum(b - a for spans in self.spans() for a, b in spans)
        packed = self._store.packed_bytes() / max(1, self._store.packed_rows())
        context = self._context.num_bytes() / max(1, rows) if self._context else 0.0
        return ReplayStats(rows, packed, context)

    def save(self) -> dict[str, Any]:
        """Flush to disk and return, JSON-able, what ``restore`` needs to return here."""
        state = {
            "stops": self._store.flush(),
            "spans": self.spans(),
            "generation": self._context.mark() if self._context else 0,
            "latents": self._context.checksums() if self._context else [],
            "sampler": self._sampler.state(),
            "pending": [list(window) for window in self._ahead.windows or ()] or None,
        }
        self._retention.note_saved(state)
        return state

    def check(self, state: Mapping[str, Any]) -> None:
        """Name in a warning what was stored at a saved position and is not there any more."""
        self._retention.check(state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to a saved position: newer rows and newer latents are dropped."""
        self.check(state)
        self._store.truncate(state["stops"])
        if self._context:
            self._context.revert(state["generation"], state.get("latents"))
        self._sampler.restore(state["sampler"], self._episodes())
        self._ahead.windows = None
        if state["pending"]:
            self._ahead.begin([Window(*entry) for entry in state["pending"]])

    def release(self, oldest: Mapping[str, Any]) -> None:
        """Say which is the oldest position (from ``save``) still to be returned to.

        Rows older than that and than ``capacity`` are freed, now and as more are added. Until
        something is saved, nothing is kept for it.
        """
        self._retention.release(oldest)
        if self._context:
            self._context.forget_before(oldest["generation"])

    def close(self) -> None:
        """Stop the thread, flush and close all files."""
        self._ahead.close()
        self._store.close()
        if self._context:
            self._context.close()

    def _has_chosen(self) -> bool:
        """Whether the next batch is chosen, and its rows are there: a chunk may have been lost."""
        return bool(self._ahead.windows) and are_stored(self._ahead.windows or (), self._store)

    def _prepare(self) -> None:
        if not self._has_chosen():
            windows = self._sampler.draw(self.batch_size, self.spans())
            if windows is None:
                rows = self.stats().rows
                raise ReplayError(
                    f"The replay holds {rows} rows, too few for a sequence of "
                    f"{self.sequence_length}. Collect more first (prefill_steps)."
                )
            self._ahead.begin(with_burn_in(windows, self.spans(), self.config.burn_in))

    def _read(self, windows: Sequence[Window]) -> Batch:
        return read_sequences(self._store, windows, self.sequence_length, self.config.burn_in)

    def _attach(self, windows: list[Window], batch: Batch) -> Batch:
        return self._context.attach(batch, windows) if self._context else batch

    def _episodes(self) -> list[list[int]]:
        if self.config.boundary == "cross":
            return [[] for _ in range(self.num_streams)]
        return find_episodes(self._store)
