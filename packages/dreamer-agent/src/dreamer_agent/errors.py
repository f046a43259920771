"""The exceptions of this package; each message says what was wrong, the value, and what to do next.

```
DreamerError
├── ConfigError            an unknown field, a bad value, a combination that makes no sense
├── SpaceError             an observation or action space the agent cannot take
├── EnvError               the environment cannot be made, or broke its contract
├── RunDirectoryError      the run directory cannot be used (unwritable, locked, not a run)
├── CheckpointError        a checkpoint is missing or damaged
│   └── SpacesMismatchError    it was written for other spaces
├── ReplayError            a replay cannot be opened, or holds too little
│   └── CorruptChunkError      one stored chunk fails its checksum
└── NonFiniteError         a loss or a parameter is NaN or infinite
```
"""

from __future__ import annotations

__all__ = [
    "CheckpointError",
    "ConfigError",
    "CorruptChunkError",
    "DreamerError",
    "EnvError",
    "NonFiniteError",
    "ReplayError",
    "RunDirectoryError",
    "SpaceError",
    "SpacesMismatchError",
]


class DreamerError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(DreamerError):
    """A configuration has an unknown field, a bad value, or contradicts itself."""


class SpaceError(DreamerError):
    """A space has a kind, shape or dtype the agent cannot take."""


class EnvError(DreamerError):
    """An environment cannot be made, or does not keep Gymnasium's contract."""


class RunDirectoryError(DreamerError):
    """A run directory is unwritable, in use by another process, or not a run."""


class CheckpointError(DreamerError):
    """A checkpoint is missing or damaged."""


class SpacesMismatchError(CheckpointError):
    """A checkpoint was written for other spaces; the message names the key that differs."""


class ReplayError(DreamerError):
    """A replay cannot be opened, or holds too few rows."""


class CorruptChunkError(ReplayError):
    """A stored chunk fails its checksum; the message names file, offset and rows."""


class NonFiniteError(DreamerError):
    """A loss or a parameter is NaN or infinite; the message names it."""
