"""What columns a stored replay has: ``schema.json`` beside its chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dreamer_agent.errors import ReplayError
from dreamer_agent.replay.chunk import Field

__all__ = ["check_schema", "count_streams", "load_schema"]

_SCHEMA_FILE = "schema.json"


def check_schema(directory: Path, fields: Sequence[Field]) -> None:
    """Write the columns beside the chunks, or compare with those already there.

    Raises:
        ReplayError: Other columns are there; the message names those that differ.
    """
    path = directory / _SCHEMA_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        columns = [{"name": f.name, "dtype": f.dtype, "shape": list(f.shape)} for f in fields]
        path.write_text(json.dumps({"version": 1, "fields": columns}, indent=1))
        return
    stored, wanted = set(load_schema(directory)), set(fields)
    if stored != wanted:
        difference = ", ".join(sorted(str(field) for field in stored ^ wanted))
        raise ReplayError(
            f"The replay at {directory} has other columns than this run: {difference}. "
            "Use another run directory, or the environment the replay was recorded with."
        )


def load_schema(directory: Path) -> tuple[Field, ...]:
    """Read the columns of a stored replay.

    Raises:
        ReplayError: There is no replay in this directory.
    """
    path = directory / _SCHEMA_FILE
    if not path.exists():
        raise ReplayError(
            f"No replay at {directory} (no {_SCHEMA_FILE}). A run keeps its replay in RUN/replay."
        )
    entries = json.loads(path.read_text())["fields"]
    return tuple(Field(e["name"], e["dtype"], tuple(e["shape"])) for e in entries)


def count_streams(directory: Path) -> int:
    """Number of streams a stored replay has."""
    return len(list(directory.glob("stream_*")))
