"""What is said at the start of a run: how every observation key is read, and what may be meant."""

from __future__ import annotations

from collections.abc import Mapping

from dreamer_agent.agent import Agent
from dreamer_agent.logging.terminal import Terminal
from dreamer_agent.spaces.overview import COLUMNS, doubts, overview

__all__ = ["introduce"]


def introduce(display: Terminal, agent: Agent, hints: Mapping[str, str] | None) -> None:
    """Print the table of observation keys, and a warning for every doubtful guess.

    Args:
        display: Where to print.
        agent: Whose keys.
        hints: The environment's ``metadata["modalities"]``.
    """
    display.table("observations", COLUMNS, overview(agent.observations, agent.config))
    for doubt in doubts(agent.observations, agent.config, hints or {}):
        display.warn(doubt)
