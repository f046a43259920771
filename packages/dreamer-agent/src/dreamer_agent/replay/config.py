"""Settings of the replay, and what it reports about itself."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass as pydantic_dataclass

from dreamer_agent.errors import ConfigError
from dreamer_agent.replay.sampler import Boundary

__all__ = ["ReplayConfig", "ReplayStats", "check_starts"]


@pydantic_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ReplayConfig:
    """Storage and sampling of experience."""

    capacity: PositiveInt = 2_000_000
    """Rows kept over all environments; older ones are forgotten."""
    chunk_length: PositiveInt = 64
    """Rows packed together as one unit of storage."""
    boundary: Boundary = "cross"
    """"cross": sequences are cut from each environment's stream and run over episode ends
    (is_first resets the state). "within": each stays in one episode, short ones are padded."""
    context_every: NonNegativeInt = 8
    """Keep the latent of every K-th row, so that sequences start from a known state; 0 keeps none
    (sequences start from the zero state)."""
    burn_in: NonNegativeInt = 0
    """Rows before each sequence that only warm its state up, without loss or gradient: a start from
    a latent kept long ago is brought up to the present weights. A multiple of context_every."""
    online: bool = True
    """Show each newly collected sequence to the learner once as soon as it is complete."""
    prefetch: bool = True
    """Decode the next batch in a thread while the learner works (the results are the same)."""


@dataclass(frozen=True)
class ReplayStats:
    """What the replay holds."""

    rows: int
    bytes_per_row: float
    context_bytes_per_row: float


def check_starts(every: int, sequence_length: int, burn_in: int) -> None:
    """Check that sequences and their burn-in can begin right after a kept latent.

    Args:
        every: Rows per kept latent; 0 if none is kept.
        sequence_length: T.
        burn_in: Rows before each sequence.

    Raises:
        ConfigError: They cannot.
    """
    if every > sequence_length:
        raise ConfigError(
            f"replay.context_every={every} is larger than sequence_length={sequence_length}; "
            "make it at most as large."
        )
    if every and burn_in % every:
        raise ConfigError(
            f"replay.burn_in={burn_in} is not a multiple of replay.context_every={every}, so "
            "that no latent is kept where it would begin; make it one."
        )
