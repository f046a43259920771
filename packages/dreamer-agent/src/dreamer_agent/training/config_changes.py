"""What of a configuration can be set where: on resume, and when learning from a stored replay."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dreamer_agent.errors import ConfigError
from dreamer_agent.run_dir.train_config import TrainConfig

__all__ = ["check_resumable", "check_unchanged", "unused_offline"]

_ON_RESUME = (
    "run_dir", "env_steps", "stop_after_minutes", "eval_", "video_", "save_", "keep_", "device",
    "threads", "acting_threads", "collect", "vectorization", "replay_ratio", "log.",
    "agent.optimizer.lr", "agent.optimizer.actor_lr", "agent.optimizer.critic_lr",
    "agent.actor.entropy", "replay.prefetch",
)  # fmt: skip
"""Fields (or beginnings of them) that a resumed run may set anew."""

_NEEDS_ENV = (
    "num_envs", "wrappers", "env_steps", "prefill_steps", "acting_threads", "collect", "eval_",
    "replay.chunk_length", "replay.online",
)  # fmt: skip
"""Fields (or beginnings of them) that mean nothing without an environment to step."""


def check_resumable(saved: TrainConfig, wanted: TrainConfig) -> None:
    """Refuse changes that a resumed run cannot make.

    Raises:
        ConfigError: Names each such field with its old and new value.
    """
    check_unchanged(dataclasses.asdict(saved), dataclasses.asdict(wanted), _ON_RESUME)


def check_unchanged(
    saved: Mapping[str, Any], wanted: Mapping[str, Any], free: tuple[str, ...]
) -> None:
    """Refuse changes of fields that do not begin with one of ``free``.

    Raises:
        ConfigError: Names each such field with its old and new value.
    """
    old, new = _leaves(saved), _leaves(wanted)
    changed = [
        f"  {name}: {old.get(name)!r} in the run, {new.get(name)!r} now"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name) and not name.startswith(free)
    ]
    if changed:
        raise ConfigError(
            "A resumed run cannot change:\n" + "\n".join(changed) + "\n"
            "Leave these flags out, or start a new run with another --run-dir."
        )


def unused_offline(config: TrainConfig, base: TrainConfig | None = None) -> list[str]:
    """Settings, as ``name=value``, that have no effect when only a stored replay is learned from.

    Args:
        config: The run.
        base: Only what differs from it is listed (default: the field defaults).
    """
    old = _leaves(dataclasses.asdict(base or TrainConfig()))
    new = _leaves(dataclasses.asdict(config))
    return [
        f"{name}={value!r}"
        for name, value in new.items()
        if name.startswith(_NEEDS_ENV) and value != old.get(name)
    ]


def _leaves(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            leaves.update(_leaves(value, f"{name}."))
        else:
            leaves[name] = value
    return leaves
