"""Learning behaviour: imagined trajectories, and the actor's and critic's losses on them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from dreamer_agent.behaviour.critic import Critic, follow, slow_copy
from dreamer_agent.behaviour.policy import Actor, Policy, stack_policies
from dreamer_agent.behaviour.returns import ReturnRange, ReturnScale, lambda_return
from dreamer_agent.config import AgentConfig
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.model.tensors import TensorBatch
from dreamer_agent.model.world_model import WorldModel, weighted_mean
from dreamer_agent.spaces.actions import ActionSpec


@dataclass(frozen=True)
class Trajectories:
    """Imagined steps 0..H from M start states; only ``policy`` has a graph, the actor's.

    Steps come first, so that steps 0..H-1 are one piece of memory.

    Attributes:
        feature: ``(H+1, M, feature)``.
        action: Encoded actions taken at steps 0..H-1, ``(H, M, size)``.
        allowed: Choices the learned mask allowed at those steps, or None.
        reward: Predicted reward for reaching each step, ``(H+1, M)``.
        live: Predicted continue probability times discount, ``(H+1, M)``.
        policy: What the actions were drawn from, ``(H, M)``; None: the actor is to be asked again.
    """

    feature: Float[Tensor, "H1 M feature"]
    action: Float[Tensor, "H M size"]
    allowed: Bool[Tensor, "H M size"] | None
    reward: Float[Tensor, "H1 M"]
    live: Float[Tensor, "H1 M"]
    policy: Policy | None = None


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
    state, features, actions, masks, policies = start, [start.feature], [], [], []
    for t in range(horizon):
        allowed = None
        if mask_key is not None:
            allowed = world_model.predict_allowed(features[-1], mask_key)
            masks.append(allowed)
        with torch.enable_grad():  # the actor learns from these very outputs
            policies.append(actor(features[-1], allowed))
        actions.append(policies[-1].sample(generator))
        state = rssm.imagine_step(state, actions[-1], uniform[t])
        features.append(state.feature)
    with torch.enable_grad():
        policy = stack_policies(policies)
    feature = torch.stack(features)
    live = world_model.predict_continue(feature)
    if not world_model.config.imagination.discount_in_continue:
        live = live * world_model.discount
    return Trajectories(
        feature,
        torch.stack(actions),
        torch.stack(masks) if masks else None,
        world_model.predict_reward(feature),
        live,
        policy,
    )


@dataclass(frozen=True)
class BehaviourLoss:
    """Losses of actor and critic on one batch.

    Attributes:
        total: What to minimise.
        losses: Mean of every unweighted term, detached.
        metrics: Means of returns, values, advantages and entropy, detached.
        return_range: The return scale's range with these returns, for :meth:`ActorCritic.follow`.
    """

    total: Float[Tensor, ""]
    losses: dict[str, Float[Tensor, ""]]
    metrics: dict[str, Float[Tensor, ""]]
    return_range: ReturnRange


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

    def follow(self, loss: BehaviourLoss) -> None:
        """Let slow critic and return scale follow an update that was applied."""
        self.return_scale.adopt(loss.return_range)
        follow(self.slow_critic, self.critic, self.config.critic.slow_rate)

    def loss(
        self,
        trajectories: Trajectories,
        weight: Float[Tensor, " M"],
    ) -> tuple[BehaviourLoss, Float[Tensor, "H M"]]:
        """Compute the losses on imagined steps; nothing is changed before :meth:`follow`.

        Args:
            trajectories: M imagined trajectories of H steps.
            weight: Weight of each start, 0 for padding.

        Returns:
            The losses, and the λ-returns of steps 0..H-1.
        """
        feature = trajectories.feature
        log_probs = self.critic(feature[:-1])
        slow_values, bootstrap = self._values(feature, log_probs)
        returns = lambda_return(
            trajectories.reward.T,
            trajectories.live.T,
            torch.zeros_like(trajectories.live.T),
            bootstrap.T,
            self.config.imagination.lam,
        ).T
        return_range = self.return_scale.after(returns[:, weight > 0])
        scale = self.return_scale.scale(return_range)
        step_weight = step_weights(trajectories.live, self._discount_outside) * weight
        advantage = (returns - bootstrap[:-1]) / scale
        policy = trajectories.policy or self.actor(feature[:-1], trajectories.allowed)
        entropy = policy.entropy()
        reinforce = policy.log_prob(trajectories.action) * advantage
        actor_loss = -step_weight * (reinforce + self.config.actor.entropy * entropy)
        critic_loss = step_weight * self._critic_loss(log_probs, returns, slow_values)
        count = weight.sum().clamp_min(1) * len(returns)
        losses = {"actor": actor_loss.sum() / count, "critic": critic_loss.sum() / count}
        metrics = {
            "entropy": entropy.mean(),
            "return": returns.mean(),
            "return_scale": scale,
            "value": bootstrap.mean(),
            "advantage_std": advantage.std(),
            "imagined_reward": trajectories.reward[1:].mean(),
            "imagined_continue": trajectories.live[1:].mean(),
        }
        total = losses["actor"] + losses["critic"]
        loss = BehaviourLoss(total, _detached(losses), _detached(metrics), return_range)
        return loss, returns

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
        live = (~data.is_terminal).float() * self._discount
        lam = self.config.imagination.lam
        # an episode that still runs is followed by padding: nothing may come from there
        is_cut = torch.cat([data.weight[:, 1:] == 0, data.is_last[:, -1:]], 1)
        returns = lambda_return(data.reward, live, data.is_last | is_cut, boot, lam)
        log_probs = self.critic(feature[:, :-1])
        slow_values = self.slow_critic.values(self.slow_critic(feature[:, :-1].detach()))
        # the return reaches one row on, so that row must not be padding either
        valid = data.weight[:, 1:]
        loss = self._critic_loss(log_probs, returns, slow_values)
        return weighted_mean(loss * (~data.is_last[:, :-1]), valid)

    @property
    def _discount(self) -> float:
        return 1 - 1 / self.config.imagination.discount_horizon

    @property
    def _discount_outside(self) -> float:
        return 1.0 if self.config.imagination.discount_in_continue else self._discount

    @torch.no_grad()
    def _values(self, feature: Tensor, log_probs: Tensor) -> tuple[Tensor, Tensor]:
        """Slow values of steps 0..H-1 per critic, and the values 0..H returns bootstrap from."""
        slow_values = self.slow_critic.values(self.slow_critic(feature))  # (K, H+1, M)
        if self.config.critic.target == "slow":
            return slow_values[:, :-1], self.critic.reduced(slow_values)
        last = self.critic(feature[-1:])
        values = self.critic.values(torch.cat([log_probs, last], 1))
        return slow_values[:, :-1], self.critic.reduced(values)

    def _critic_loss(self, log_probs: Tensor, returns: Tensor, slow_values: Tensor) -> Tensor:
        loss = self.critic.loss(log_probs, returns.unsqueeze(0))
        regularizer = self.config.critic.slow_regularizer
        if regularizer:
            loss = loss + regularizer * self.critic.loss(log_probs, slow_values)
        return loss


def step_weights(
    live: Float[Tensor, "H1 M"], discount_outside: float = 1.0
) -> Float[Tensor, "H M"]:
    """Return how much steps 0..H-1 count: cumulative products of continues.

    The first factor is the start's own continue, so a terminal start counts for nothing.

    Args:
        live: Continue probability times discount of steps 0..H.
        discount_outside: The discount, if it was multiplied onto the continues and not learned
            by them; the start itself is then not discounted.
    """
    return live[:-1].cumprod(0) / discount_outside


def _detached(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach() for key, value in values.items()}
