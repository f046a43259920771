"""The two presets and the model sizes.

``preset("paper", size="12m")`` is the algorithm of DreamerV3 as published in Nature (2025), except
that pictures go through the ``tile`` stem (published: ``image.stem: nature``) and the discrete
actor is mixed with 1 % of the uniform as in the paper, where the official code mixes nothing
(``actor.unimix: 0``). ``preset("notes")`` switches the options of this project's original notes on.
Both are :class:`AgentConfig` values.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from dreamer_agent.config import AgentConfig
from dreamer_agent.errors import ConfigError

Preset = Literal["paper", "notes"]
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

SIZES: tuple[Size, ...] = tuple(_SIZES)
"""Names of the model sizes, small to large."""


def preset(name: Preset = "paper", size: Size = "1m") -> AgentConfig:
    """Build a named configuration.

    Args:
        name: ``paper`` (DreamerV3, Nature 2025) or ``notes`` (this project's original notes).
        size: Model size; ``1m`` … ``400m`` are the paper's, ``xs`` is for tasks like CartPole.

    Returns:
        The configuration; change single fields with ``dataclasses.replace``.

    Raises:
        ConfigError: The preset or the size is unknown.
    """
    config = _resize(AgentConfig(), size)
    if name == "paper":
        return config
    if name == "notes":
        return _notes(config)
    raise _unknown("preset", name, ("paper", "notes"))


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
