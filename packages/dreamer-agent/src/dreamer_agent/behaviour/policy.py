"""Action distributions over encoded actions: categorical (several components) and normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from dreamer_agent.config import ActorConfig
from dreamer_agent.model.distributions import (
    bounded_normal,
    categorical_entropy,
    mixed_log_probs,
    mode_onehot,
    normal_entropy,
    normal_log_prob,
    sample_onehot,
)
from dreamer_agent.model.layers import MLPHead
from dreamer_agent.spaces.actions import ActionSpec


@runtime_checkable
class Policy(Protocol):
    """A distribution over encoded actions ``(..., size)``."""

    def sample(self, generator: torch.Generator | None) -> Float[Tensor, "*batch size"]:
        """Draw encoded actions."""
        ...

    def mode(self) -> Float[Tensor, "*batch size"]:
        """Return the most likely encoded actions."""
        ...

    def log_prob(self, action: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch"]:
        """Return the log-probability (density for Box) of encoded actions."""
        ...

    def entropy(self) -> Float[Tensor, "*batch"]:
        """Return the entropy in nats."""
        ...


@dataclass(frozen=True)
class CategoricalPolicy:
    """Independent categorical components.

    Attributes:
        log_probs: Log-probabilities of each component, ``(..., classes)``.
    """

    log_probs: tuple[Float[Tensor, "*batch _"], ...]

    def sample(self, generator: torch.Generator | None) -> Float[Tensor, "*batch size"]:
        """Draw concatenated one-hots."""
        probs = [log_prob.detach().exp() for log_prob in self.log_probs]
        shape = (*probs[0].shape[:-1], len(probs))
        uniform = torch.rand(shape, generator=generator, device=probs[0].device)
        return torch.cat([sample_onehot(p, uniform[..., i]) for i, p in enumerate(probs)], -1)

    def mode(self) -> Float[Tensor, "*batch size"]:
        """Return concatenated one-hots of the most likely choices."""
        return torch.cat([mode_onehot(log_prob) for log_prob in self.log_probs], -1)

    def log_prob(self, action: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch"]:
        """Return the log-probability, summed over components."""
        return (action * torch.cat(self.log_probs, -1)).sum(-1)

    def entropy(self) -> Float[Tensor, "*batch"]:
        """Return the entropy in nats, summed over components."""
        return torch.stack([categorical_entropy(log_prob) for log_prob in self.log_probs]).sum(0)


@dataclass(frozen=True)
class NormalPolicy:
    """A diagonal normal with bounded mean and standard deviation.

    Attributes:
        mean: In [-1, 1], ``(..., size)``.
        std: ``(..., size)``.
    """

    mean: Float[Tensor, "*batch size"]
    std: Float[Tensor, "*batch size"]

    def sample(self, generator: torch.Generator | None) -> Float[Tensor, "*batch size"]:
        """Draw values; they may lie outside [-1, 1] and are clipped when acting."""
        noise = torch.randn(self.mean.shape, generator=generator, device=self.mean.device)
        return self.mean.detach() + self.std.detach() * noise

    def mode(self) -> Float[Tensor, "*batch size"]:
        """Return the mean."""
        return self.mean

    def log_prob(self, action: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch"]:
        """Return the log-density, summed over dimensions."""
        return normal_log_prob(action, self.mean, self.std)

    def entropy(self) -> Float[Tensor, "*batch"]:
        """Return the entropy in nats, summed over dimensions."""
        return normal_entropy(self.std)


def stack_policies(policies: Sequence[Policy]) -> Policy:
    """Join the policies of successive steps, of one kind, into one with a leading axis of steps."""
    categorical = [policy for policy in policies if isinstance(policy, CategoricalPolicy)]
    if categorical:
        parts = zip(*(policy.log_probs for policy in categorical), strict=True)
        return CategoricalPolicy(tuple(torch.stack(part) for part in parts))
    normal = [policy for policy in policies if isinstance(policy, NormalPolicy)]
    return NormalPolicy(
        torch.stack([policy.mean for policy in normal]),
        torch.stack([policy.std for policy in normal]),
    )


class Actor(nn.Module):
    """Map features to a policy.

    Args:
        feature_size: Width of a feature.
        action: The action space.
        config: Layers, units and bounds.
    """

    def __init__(self, feature_size: int, action: ActionSpec, config: ActorConfig) -> None:
        super().__init__()
        self.action = action
        self.config = config
        out_size = action.size * (2 if action.kind == "continuous" else 1)
        self.head = MLPHead(feature_size, config.units, config.layers, out_size, config.out_scale)

    def forward(
        self,
        feature: Float[Tensor, "*batch feature"],
        allowed: Bool[Tensor, "*batch size"] | None = None,
    ) -> Policy:
        """Return the policy; choices that are not ``allowed`` have probability 0."""
        output = self.head(feature)
        if self.action.kind == "continuous":
            return NormalPolicy(*bounded_normal(output, self.config.min_std, self.config.max_std))
        logits = output.split(self.action.classes, -1)
        masks = [None] * len(logits) if allowed is None else allowed.split(self.action.classes, -1)
        return CategoricalPolicy(
            tuple(
                mixed_log_probs(logit, self.config.unimix, mask)
                for logit, mask in zip(logits, masks, strict=True)
            )
        )
