"""Whether a checkpoint fits the spaces at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from dreamer_agent.errors import SpacesMismatchError

__all__ = ["compare_specs", "spec_hash"]


def spec_hash(spec: Mapping[str, Any]) -> str:
    """Short hash of the spaces and modalities an agent was built for."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


def compare_specs(saved: Mapping[str, Any], current: Mapping[str, Any], where: str) -> None:
    """Check that a checkpoint fits the spaces at hand.

    Raises:
        SpacesMismatchError: One line per key that differs, with both values.
    """
    if spec_hash(saved) == spec_hash(current):
        return
    old, new = _leaves(saved), _leaves(current)
    lines = [
        f"  {key}: checkpoint {old.get(key, 'nothing')}, here {new.get(key, 'nothing')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
    raise SpacesMismatchError(
        f"{where} was written for other spaces:\n" + "\n".join(lines) + "\n"
        "Use the environment and arguments it was trained with, or start a new run."
    )


def _leaves(spec: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(spec, Mapping):
        return {path: spec}
    leaves: dict[str, Any] = {}
    for key, value in spec.items():
        leaves.update(_leaves(value, f"{path}.{key}" if path else str(key)))
    return leaves
