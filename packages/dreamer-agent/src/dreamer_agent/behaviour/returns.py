"""Returns: λ-returns over imagined or replayed steps, and the scale that normalises them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


def lambda_return(
    reward: Float[Tensor, "B T"],
    live: Float[Tensor, "B T"],
    is_last: Bool[Tensor, "B T"] | Float[Tensor, "B T"],
    boot: Float[Tensor, "B T"],
    lam: float = 0.95,
) -> Float[Tensor, "B T-1"]:
    """Compute TD(λ) returns backwards in time.

    Row t holds what arrives together: the reward for reaching step t, and whether it goes on from
    there. The return of step t is r_{t+1} + live_{t+1} · ((1−λ_{t+1}) · boot_{t+1} + λ_{t+1} ·
    return_{t+1}), where λ is 0 after a last step, so nothing leaks over an episode's end.

    Args:
        reward: Rewards, ``(B, T)``; the first column is not used.
        live: Discount times probability of going on, in [0, 1], ``(B, T)``.
        is_last: Steps after which another episode begins, ``(B, T)``.
        boot: Values to bootstrap from at each step, ``(B, T)``, in reward units.
        lam: Mixing weight in [0, 1].

    Returns:
        Returns of steps 0..T-2, ``(B, T-1)``, in reward units.

    Source: DreamerV3 (Nature 2025), eq. 5; the roles of the arguments follow the official code.
    """
    mix = lam * (1 - is_last.float())
    interim = reward + live * (1 - mix) * boot
    decay = live * mix
    returns = [boot[:, -1]]
    for t in range(reward.shape[1] - 1, 0, -1):
        returns.append(interim[:, t] + decay[:, t] * returns[-1])
    return torch.stack(returns[:0:-1], 1)


class ReturnRange(NamedTuple):
    """Averages of the 5th and 95th percentile of returns."""

    low: Float[Tensor, ""]
    high: Float[Tensor, ""]


class ReturnScale(nn.Module):
    """Track the range of returns: an EMA of their 5th and 95th percentile, not debiased.

    Args:
        rate: Weight of the newest percentiles.
        limit: The scale never falls below this.
    """

    low: Tensor
    high: Tensor

    def __init__(self, rate: float = 0.01, limit: float = 1.0) -> None:
        super().__init__()
        self.rate = rate
        self.limit = limit
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))

    @torch.no_grad()
    def after(self, returns: Float[Tensor, "*batch"]) -> ReturnRange:
        """Return the range once a batch is taken in, taking in nothing yet.

        A batch that is empty or not finite leaves the range as it is.
        """
        if not returns.numel() or not bool(returns.isfinite().all()):
            return ReturnRange(self.low.clone(), self.high.clone())
        low, high = _percentiles(returns.detach().float().flatten())
        return ReturnRange(self.low.lerp(low, self.rate), self.high.lerp(high, self.rate))

    def adopt(self, new: ReturnRange) -> None:
        """Go over to a range from :meth:`after`, once the update it belongs to was applied."""
        self.low.copy_(new.low)
        self.high.copy_(new.high)

    def scale(self, of: ReturnRange) -> Float[Tensor, ""]:
        """Return what advantages are divided by: max(limit, P95 − P5)."""
        return (of.high - of.low).clamp_min(self.limit)


def _percentiles(values: Tensor) -> tuple[Tensor, Tensor]:
    # torch.quantile refuses more than 2^24 elements; sorting does not
    ordered = values.sort().values
    last = len(ordered) - 1

    def at(share: float) -> Tensor:
        position = share * last
        below = int(position)
        above = min(below + 1, last)
        return torch.lerp(ordered[below], ordered[above], position - below)

    return at(0.05), at(0.95)
