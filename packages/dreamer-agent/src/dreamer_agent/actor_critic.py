"""Learning behaviour: imagined trajectories, and the actor's and critic's losses on them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from dreamer_agent.config import AgentConfig, ImaginationConfig
from dreamer_agent.critic import Critic, follow, slow_copy
from dreamer_agent.policy import Actor
from dreamer_agent.returns import ReturnScale, lambda_return
from dreamer_agent.rssm import RSSMState
from dreamer_agent.spaces import ActionSpec
from dreamer_agent.tensors import TensorBatch
from dreamer_agent.world_model import WorldModel


@dataclass(frozen=True)
class Trajectories:
    """Imagined steps 0..H from M start states; nothing in here has a graph.

    Attributes:
        feature: ``(M, H+1, feature)``.
        action: Encoded actions taken at steps 0..H-1, ``(M, H, size)``.
        allowed: Choices the learned mask allowed at those steps, or None.
        reward: Predicted reward for reaching each step, ``(M, H+1)``.
        live: Predicted continue probability times discount, ``(M, H+1)``.
    """

    feature: Float[Tensor, "M H1 feature"]
    action: Float[Tensor, "M H size"]
    allowed: Bool[Tensor, "M H size"] | None
    reward: Float[Tensor, "M H1"]
    live: Float[Tensor, "M H1"]


@torch.no_grad()
def imagine(
    world_model: WorldModel,
    actor: Actor,
    start: RSSMState,
    horizon: int,
    mask_key: str | None = None,
    generator: torch.Generator | None = None,
) -> Trajectories:
    """Roll the policy out in the world model.

    Args:
        world_model: Predicts states, rewards and endings.
        actor: Chooses the actions.
        start: M states.
        horizon: Steps H.
        mask_key: Observation key of the action mask, if the agent has one.
        generator: Source of the actions' and latents' randomness.
    """
    rssm = world_model.rssm
    shape = (horizon, len(start.deter), rssm.config.stoch)
    uniform = torch.rand(shape, generator=generator, device=start.deter.device)
    state, features, actions, masks = start, [start.feature], [], []
    for t in range(horizon):
        allowed = None
        if mask_key is not None:
            allowed = world_model.predict_allowed(features[-1], mask_key)
            masks.append(allowed)
        actions.append(actor(features[-1], allowed).sample(generator))
        state = rssm.imagine_step(state, actions[-1], uniform[t])
        features.append(state.feature)
    feature = torch.stack(features, 1)
    live = world_model.predict_continue(feature)
    if not world_model.config.imagination.discount_in_continue:
        live = live * world_model.discount
    return Trajectories(
        feature,
        torch.stack(actions, 1),
        torch.stack(masks, 1) if masks else None,
        world_model.predict_reward(feature),
        live,
    )


@dataclass(frozen=True)
class BehaviourLoss:
    """Losses of actor and critic on one batch.

    Attributes:
        total: What to minimise.
        losses: Mean of every unweighted term, detached.
        metrics: Means of returns, values, advantages and entropy, detached.
    """

    total: Float[Tensor, ""]
    losses: dict[str, Float[Tensor, ""]]
    metrics: dict[str, Float[Tensor, ""]]


class ActorCritic(nn.Module):
    """Actor, critic(s), slow critic and return scale.

    Args:
        feature_size: Width of a feature.
        action: The action space.
        config: The agent's configuration.
    """

    def __init__(self, feature_size: int, action: ActionSpec, config: AgentConfig) -> None:
        super().__init__()
        self.config = config
        imagination = config.imagination
        self.actor = Actor(feature_size, action, config.actor)
        self.critic = Critic(feature_size, config.critic, config.twohot)
        self.slow_critic = slow_copy(self.critic)
        self.return_scale = ReturnScale(
            imagination.return_scale_rate, imagination.return_scale_limit
        )

    def update_slow_critic(self) -> None:
        """Move the slow critic towards the critic, once per update."""
        follow(self.slow_critic, self.critic, self.config.critic.slow_rate)

    def loss(
        self,
        trajectories: Trajectories,
        weight: Float[Tensor, " M"],
    ) -> tuple[BehaviourLoss, Float[Tensor, "M H"]]:
        """Compute the losses on imagined steps, and update the return scale.

        Args:
            trajectories: M imagined trajectories of H steps.
            weight: Weight of each start, 0 for padding.

        Returns:
            The losses, and the λ-returns of steps 0..H-1.
        """
        feature = trajectories.feature
        logits = self.critic(feature[:, :-1])
        slow_values, bootstrap = self._bootstrap(feature, logits)
        returns = lambda_return(
            trajectories.reward,
            trajectories.live,
            torch.zeros_like(trajectories.live),
            bootstrap,
            self.config.imagination.lam,
        )
        self.return_scale.update(returns[weight > 0])
        # the first factor is the start's own continue: a terminal start counts for nothing
        step_weight = step_weights(trajectories.live, self._discount_outside) * weight[:, None]
        advantage = (returns - bootstrap[:, :-1]) / self.return_scale.scale
        policy = self.actor(feature[:, :-1], trajectories.allowed)
        entropy = policy.entropy()
        reinforce = policy.log_prob(trajectories.action) * advantage
        actor_loss = -step_weight * (reinforce + self.config.actor.entropy * entropy)
        critic_loss = step_weight * self._critic_loss(logits, returns, slow_values[:, :, :-1])
        share = weight.mean().clamp_min(torch.finfo(weight.dtype).tiny)
        losses = {"actor": actor_loss.mean() / share, "critic": critic_loss.mean() / share}
        metrics = {
            "entropy": entropy.mean(),
            "return": returns.mean(),
            "return_scale": self.return_scale.scale,
            "value": bootstrap.mean(),
            "advantage_std": advantage.std(),
            "imagined_reward": trajectories.reward[:, 1:].mean(),
            "imagined_continue": trajectories.live[:, 1:].mean(),
        }
        total = losses["actor"] + losses["critic"]
        return BehaviourLoss(total, _detached(losses), _detached(metrics)), returns

    def replay_loss(
        self,
        feature: Float[Tensor, "B T feature"],
        data: TensorBatch,
        boot: Float[Tensor, "B T"],
    ) -> Float[Tensor, ""]:
        """Compute the critic's loss on replayed rewards; its gradient reaches the features.

        Args:
            feature: Posterior features with their graph.
            data: The rows the features belong to.
            boot: Imagined λ-return from the same step: what the returns bootstrap from.
        """
        logits = self.critic(feature)
        slow_values, _ = self._bootstrap(feature.detach(), logits)
        live = (~data.is_terminal).float() * self._discount
        lam = self.config.imagination.lam
        returns = lambda_return(data.reward, live, data.is_last, boot, lam)
        weight = (~data.is_last).float() * data.weight
        loss = self._critic_loss(logits[:, :, :-1], returns, slow_values[:, :, :-1])
        # a return reaches one row on: the row after must be no padding either
        weight = weight[:, :-1] * data.weight[:, 1:]
        return weighted_mean_over(loss * weight, data.weight[:, 1:])

    @property
    def _discount(self) -> float:
        return 1 - 1 / self.config.imagination.discount_horizon

    @property
    def _discount_outside(self) -> float:
        return 1.0 if self.config.imagination.discount_in_continue else self._discount

    @torch.no_grad()
    def _bootstrap(self, feature: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        slow_values = self.slow_critic.values(self.slow_critic(feature))  # (K, M, H+1)
        if self.config.critic.target == "slow":
            return slow_values, self.critic.reduced(slow_values)
        values = self.critic.values(logits.detach())
        if values.shape[2] < feature.shape[1]:
            last = self.critic.values(self.critic(feature[:, -1:]))
            values = torch.cat([values, last], 2)
        return slow_values, self.critic.reduced(values)

    def _critic_loss(self, logits: Tensor, returns: Tensor, slow_values: Tensor) -> Tensor:
        loss = self.critic.loss(logits, returns.unsqueeze(0))
        regularizer = self.config.critic.slow_regularizer
        if regularizer:
            loss = loss + regularizer * self.critic.loss(logits, slow_values)
        return loss


def step_weights(
    live: Float[Tensor, "M H1"], discount_outside: float = 1.0
) -> Float[Tensor, "M H"]:
    """Return how much steps 0..H-1 count: the probability that they are reached at all.

    Args:
        live: Continue probability times discount of steps 0..H.
        discount_outside: The discount, if ``live`` contains it without having been trained to:
            the first factor is then the continue probability alone.
    """
    return (live.cumprod(1) / discount_outside)[:, :-1]


def starts(
    posterior: RSSMState, weight: Float[Tensor, "B T"], config: ImaginationConfig
) -> tuple[RSSMState, Float[Tensor, " M"]]:
    """Choose the states to imagine from: all, or the last few of each sequence."""
    last = config.last or weight.shape[1]
    chosen = RSSMState(posterior.deter[:, -last:], posterior.stoch[:, -last:])
    return chosen.detach().flatten(), weight[:, -last:].flatten()


def weighted_mean_over(weighted: Tensor, weight: Tensor) -> Tensor:
    """Average already weighted values over the rows that are not padding."""
    return weighted.sum() / weight.sum().clamp_min(1)


def _detached(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach() for key, value in values.items()}
