"""The KL terms between posterior and prior, in the paper's form and two others."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from dreamer_agent.config import KLConfig
from dreamer_agent.model.distributions import categorical_kl


def kl_loss(
    log_q: Float[Tensor, "*batch S C"],
    log_p: Float[Tensor, "*batch S C"],
    config: KLConfig,
) -> Float[Tensor, "*batch"]:
    """Return the weighted KL loss per step, in nats.

    The KL is summed over the S latents before free nats are applied, so that a step whose total
    is below them sends no gradient.

    Args:
        log_q: The posterior's log-probabilities.
        log_p: The prior's log-probabilities.
        config: Which form, and its weights.
    """
    free = config.free_nats
    if config.kind == "notes":
        mix = config.balance * categorical_kl(log_q, log_p)
        mix = mix + (1 - config.balance) * categorical_kl(log_p, log_q)
        return config.scale * mix.clamp_min(free)
    dyn = categorical_kl(log_q.detach(), log_p).clamp_min(free)
    rep = categorical_kl(log_q, log_p.detach()).clamp_min(free)
    if config.kind == "balanced_v2":
        return config.scale * (config.balance * dyn + (1 - config.balance) * rep)
    return config.dyn * dyn + config.rep * rep
