"""Critics: one or several value heads, and a slowly moving copy of them."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dreamer_agent.config import CriticConfig, TwoHotConfig
from dreamer_agent.model.distributions import TwoHot
from dreamer_agent.model.layers import MLPHead


class Critic(nn.Module):
    """Predict the return from a feature with ``num_critics`` heads.

    Args:
        feature_size: Width of a feature.
        config: Layers, units, number of critics and how they are reduced.
        twohot: How a value is expressed.
    """

    def __init__(self, feature_size: int, config: CriticConfig, twohot: TwoHotConfig) -> None:
        super().__init__()
        self.reduce = config.reduce
        self.twohot = TwoHot(twohot.kind, twohot.bins)
        self.heads = nn.ModuleList(
            MLPHead(feature_size, config.units, config.layers, twohot.bins, 0.0)
            for _ in range(config.num_critics)
        )

    def forward(self, feature: Float[Tensor, "*batch F"]) -> Float[Tensor, "K *batch bins"]:
        """Return the log-probabilities of every critic's bins."""
        outputs = [head(feature).log_softmax(-1) for head in self.heads]
        return torch.stack(outputs) if len(outputs) > 1 else outputs[0].unsqueeze(0)

    def values(self, log_probs: Float[Tensor, "K *batch bins"]) -> Float[Tensor, "K *batch"]:
        """Return every critic's estimate in reward units."""
        return self.twohot.mean(log_probs)

    def reduced(self, values: Float[Tensor, "K *batch"]) -> Float[Tensor, "*batch"]:
        """Reduce the critics' estimates to one, by mean or minimum."""
        return values.amin(0) if self.reduce == "min" else values.mean(0)

    def loss(
        self, log_probs: Float[Tensor, "K *batch bins"], target: Float[Tensor, "#K *batch"]
    ) -> Float[Tensor, "*batch"]:
        """Return the two-hot loss in nats, averaged over the critics."""
        return self.twohot.loss(log_probs, target.expand(log_probs.shape[:-1])).mean(0)


def slow_copy(critic: Critic) -> Critic:
    """Copy a critic; the copy receives no gradients and is moved by :func:`follow`."""
    slow = copy.deepcopy(critic)
    slow.requires_grad_(False)
    return slow


@torch.no_grad()
def follow(slow: Critic, critic: Critic, rate: float) -> None:
    """Move the slow critic: slow ← (1 − rate) · slow + rate · critic."""
    torch._foreach_lerp_(list(slow.parameters()), list(critic.parameters()), rate)
