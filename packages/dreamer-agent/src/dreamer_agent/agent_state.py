"""What the agent remembers of its environments between two steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from dreamer_agent.model.rssm import RSSMState


@dataclass(frozen=True)
class AgentState:
    """What the agent remembers of N environments.

    Attributes:
        deter: ``(N, D)``.
        stoch: One-hot latents, ``(N, S, C)``.
        action: The last action, encoded, ``(N, A)``.
    """

    deter: Float[Tensor, "N D"]
    stoch: Float[Tensor, "N S C"]
    action: Float[Tensor, "N A"]

    @property
    def rssm(self) -> RSSMState:
        """The world model's part."""
        return RSSMState(self.deter, self.stoch)

    def where(self, mask: Bool[Tensor, " N"] | np.ndarray, other: AgentState) -> AgentState:
        """Take this state's rows where ``mask``, and ``other``'s elsewhere."""
        rows = torch.as_tensor(mask, dtype=torch.bool, device=self.deter.device)
        return AgentState(
            torch.where(rows[:, None], self.deter, other.deter),
            torch.where(rows[:, None, None], self.stoch, other.stoch),
            torch.where(rows[:, None], self.action, other.action),
        )

    def detach(self) -> AgentState:
        """Cut the graph."""
        return AgentState(self.deter.detach(), self.stoch.detach(), self.action.detach())
