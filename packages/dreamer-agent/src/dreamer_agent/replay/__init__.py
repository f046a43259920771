"""Experience: packed storage of streams, sampling of sequences, latents kept beside them."""

from dreamer_agent.replay.batch import Batch, Context
from dreamer_agent.replay.chunk import Field
from dreamer_agent.replay.config import ReplayConfig, ReplayStats
from dreamer_agent.replay.replay import Replay
from dreamer_agent.replay.rows import make_row, row_fields

__all__ = [
    "Batch",
    "Context",
    "Field",
    "Replay",
    "ReplayConfig",
    "ReplayStats",
    "make_row",
    "row_fields",
]
