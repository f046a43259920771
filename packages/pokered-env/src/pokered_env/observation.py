"""The observations by their public name; they live in :mod:`pokered_env.task.observation`."""

from pokered_env.task.observation import (
    OBSERVATION_SPACE,
    STATE_LAYOUT,
    Observation,
    StateField,
    decode_state,
    describe_state_layout,
)

__all__ = [
    "OBSERVATION_SPACE",
    "STATE_LAYOUT",
    "Observation",
    "StateField",
    "decode_state",
    "describe_state_layout",
]
