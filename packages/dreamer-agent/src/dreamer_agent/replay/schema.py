"""What columns a stored replay has: ``schema.json`` beside its chunks."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dreamer_agent.durable import replace_text
from dreamer_agent.errors import ReplayError
from dreamer_agent.replay.chunk import Field

__all__ = ["check_schema", "count_streams", "load_schema"]

_SCHEMA_FILE = "schema.json"
_VERSION = 2
"""Of the chunks' packing: 2 is zstd, 1 was lz4."""


def check_schema(directory: Path, fields: Sequence[Field]) -> None:
    """Write the columns beside the chunks, or compare with those already there.

    Raises:
        ReplayError: Other columns are there; the message names those that differ.
    """
    path = directory / _SCHEMA_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        columns = [{"name": f.name, "dtype": f.dtype, "shape": list(f.shape)} for f in fields]
        schema = {"version": _VERSION, "crc": _crc(columns), "fields": columns}
        _write(path, json.dumps(schema, indent=1))
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
        ReplayError: There is no replay in this directory, another version wrote it, or the
            description is damaged.
    """
    path = directory / _SCHEMA_FILE
    if not path.exists():
        raise ReplayError(
            f"No replay at {directory} (no {_SCHEMA_FILE}). A run keeps its replay in RUN/replay."
        )
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
        fields = tuple(_field(entry) for entry in schema["fields"])
        version = schema.get("version", 1)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReplayError(
            f"{path} is damaged ({type(error).__name__}: {error}). Put it back from a copy, or "
            "from a run with the same environment."
        ) from None
    if version != _VERSION:
        raise ReplayError(
            f"The replay at {directory} is packed in form {version}, this version of dreamer-agent "
            f"reads form {_VERSION}. Go on with the version that wrote it, or begin a new run."
        )
    if schema.get("crc") != _crc(schema["fields"]):
        raise ReplayError(
            f"{path} is damaged: its columns fail their checksum. Put it back from a copy, or from "
            "a run with the same environment."
        )
    if len({field.name for field in fields}) < len(fields) or not fields:
        raise ReplayError(f"{path} is damaged: it names no column, or one twice.")
    return fields


def _crc(columns: Any) -> int:
    return zlib.crc32(json.dumps(columns).encode())


def _field(entry: dict[str, Any]) -> Field:
    shape = tuple(entry["shape"])
    if not all(isinstance(size, int) and 0 <= size < 2**32 for size in shape):
        raise ValueError(f"a column cannot have the shape {shape}")
    if np.dtype(entry["dtype"]).kind not in "biuf":
        raise ValueError(f"a column cannot have the dtype {entry['dtype']}")
    return Field(str(entry["name"]), str(entry["dtype"]), shape)


def _write(path: Path, text: str) -> None:
    try:
        replace_text(path, text)
    except OSError as error:
        raise ReplayError(f"Cannot write {path}: {error.strerror or error}.") from None


def count_streams(directory: Path) -> int:
    """Return the number of streams a stored replay has.

    Raises:
        ReplayError: It has none.
    """
    num_streams = len(list(directory.glob("stream_*")))
    if not num_streams:
        raise ReplayError(f"The replay at {directory} has no rows: nothing was collected yet.")
    return num_streams
