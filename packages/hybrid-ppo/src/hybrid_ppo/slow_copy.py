"""A second world model that follows the learning one slowly: the one a policy acts on."""

from __future__ import annotations

import torch
from dreamer_agent import Agent

_PREFIX = "world_model."


@torch.no_grad()
def follow(slow: Agent, fast: Agent, rate: float) -> None:
    """Move one agent's world model towards another's.

    Args:
        slow: Is moved.
        fast: Where to.
        rate: Share of the way, in (0, 1].
    """
    target = fast.state_dict()
    for name, value in slow.state_dict().items():
        if not name.startswith(_PREFIX):
            continue
        if value.is_floating_point():
            value.lerp_(target[name], rate)
        else:
            value.copy_(target[name])
