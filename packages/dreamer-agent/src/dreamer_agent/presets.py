"""The presets and the model sizes.

``published`` is DreamerV3 as its authors publish it (Nature 2025, danijar/dreamerv3). ``paper``,
the default, is the same algorithm where a CPU must do; it departs from ``published`` in

- ``image.stem: tile`` instead of ``nature``: a quarter of the work on pictures,
- ``precision: float32`` instead of ``bfloat16``,
- ``actor.unimix: 0.01``, as the paper's text has it; the official code mixes nothing in (0),

and its runs (``TrainConfig``) in

- ``replay.context_every: 8`` (16 from size 12m, 32 from 50m on) instead of 1: sequences start at
  every 8th row,
- ``replay.capacity``: 2 instead of 5 million rows,
- ``eval_mode: greedy`` instead of ``sample``.

What no preset changes is listed in docs/explanation/published.md. ``notes`` switches the options of
this project's original notes on.
"""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args

from dreamer_agent.config import AgentConfig
from dreamer_agent.errors import ConfigError

Preset = Literal["paper", "published", "notes"]
Size = Literal["xs", "1m", "12m", "25m", "50m", "100m", "200m", "400m"]

# deter, hidden, classes, image depth, units (danijar/dreamerv3 configs.yaml; "xs" is ours)
_SIZES: dict[Size, tuple[int, int, int, int, int]] = {
    "xs": (256, 64, 4, 4, 64),
    "1m": (512, 64, 4, 4, 64),
    "12m": (2048, 256, 16, 16, 256),
    "25m": (3072, 384, 24, 24, 384),
    "50m": (4096, 512, 32, 32, 512),
    "100m": (6144, 768, 48, 48, 768),
    "200m": (8192, 1024, 64, 64, 1024),
    "400m": (12288, 1536, 96, 96, 1536),
}

PRESETS: tuple[Preset, ...] = get_args(Preset)
"""Names of the presets, the default first."""

SIZES: tuple[Size, ...] = tuple(_SIZES)
"""Names of the model sizes, small to large."""


def preset(name: Preset = "paper", size: Size = "1m") -> AgentConfig:
    """Build a named configuration.

    Args:
        name: ``paper`` (DreamerV3, Nature 2025, for CPUs), ``published`` (as its authors publish
            it) or ``notes`` (this project's original notes).
        size: Model size; ``1m`` … ``400m`` are the paper's, ``xs`` is for tasks like CartPole.

    Returns:
        The configuration; change single fields with ``dataclasses.replace``.

    Raises:
        ConfigError: The preset or the size is unknown.
    """
    config = _resize(AgentConfig(), size)
    if name == "paper":
        return config
    if name == "published":
        return _published(config)
    if name == "notes":
        return _notes(config)
    raise _unknown("preset", name, PRESETS)


def _resize(config: AgentConfig, size: Size) -> AgentConfig:
    if size not in _SIZES:
        raise _unknown("size", size, SIZES)
    deter, hidden, classes, depth, units = _SIZES[size]
    replace = dataclasses.replace
    return replace(
        config,
        rssm=replace(config.rssm, deter=deter, hidden=hidden, classes=classes),
        image=replace(config.image, depth=depth),
        vector=replace(config.vector, units=units),
        reward_head=replace(config.reward_head, units=units),
        continue_head=replace(config.continue_head, units=units),
        actor=replace(config.actor, units=units),
        critic=replace(config.critic, units=units),
    )


def _published(config: AgentConfig) -> AgentConfig:
    replace = dataclasses.replace
    return replace(
        config,
        image=replace(config.image, stem="nature"),
        actor=replace(config.actor, unimix=0.0),
        precision="bfloat16",
    )


def _notes(config: AgentConfig) -> AgentConfig:
    replace = dataclasses.replace
    return replace(
        config,
        rssm=replace(config.rssm, core="gru", deter=512, stoch=32, classes=32),
        kl=replace(config.kl, kind="balanced_v2"),
        twohot=replace(config.twohot, kind="symlog"),
        critic=replace(
            config.critic,
            num_critics=2,
            reduce="min",
            target="slow",
            slow_rate=0.01,
            slow_regularizer=0.0,
            replay_loss=0.0,
        ),
        optimizer=replace(
            config.optimizer,
            kind="adam",
            lr=1e-4,
            actor_lr=3e-5,
            critic_lr=3e-5,
            eps=1e-8,
            warmup_steps=0,
            agc=0.0,
            clip_norm=100.0,
        ),
    )


def _unknown(what: str, value: object, known: tuple[str, ...]) -> ConfigError:
    return ConfigError(f"Unknown {what} {value!r}. Known: {', '.join(known)}.")
