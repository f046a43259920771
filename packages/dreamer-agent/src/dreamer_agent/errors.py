"""Errors of this package; each says what was wrong, the value, and what to do next.

DreamerError
├── ConfigError    a configuration names something unknown or contradicts itself
└── SpaceError     an observation or action space (or a value from it) the agent cannot take
"""

from __future__ import annotations


class DreamerError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(DreamerError):
    """A configuration names something unknown or contradicts itself."""


class SpaceError(DreamerError):
    """A space, or a value said to come from it, that the agent cannot take."""
