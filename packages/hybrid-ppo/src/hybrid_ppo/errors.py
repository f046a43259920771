"""Errors of hybrid-ppo, each with what to do next.

::

    HybridError
    ├── NotLatentError          a policy was given an environment without a world model
    ├── ObservationKeyError     a key that the environment does not observe
    ├── ConfigError             a run's settings contradict each other or the checkpoint
    └── PretrainingStopped      the user stopped a run while its world model was being made
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "HybridError",
    "NotLatentError",
    "ObservationKeyError",
    "PretrainingStopped",
]


class HybridError(Exception):
    """Root of all errors raised by hybrid-ppo itself."""


class NotLatentError(HybridError):
    """The environment's observations are not a world model's features."""


class ObservationKeyError(HybridError):
    """An observation key was named that the environment does not have."""


class ConfigError(HybridError):
    """Settings contradict each other, or the checkpoint they name."""


class PretrainingStopped(HybridError):
    """The user stopped a run while its world model was being made."""

    def __init__(self) -> None:
        super().__init__(
            "Stopped while the world model was being made. What was done is kept; the same command "
            "goes on."
        )
