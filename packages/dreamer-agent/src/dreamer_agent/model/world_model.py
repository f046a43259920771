"""The world model: encoder, RSSM, decoders, reward and continue heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from dreamer_agent.config import AgentConfig
from dreamer_agent.model.decoders import ObservationDecoder
from dreamer_agent.model.distributions import (
    TwoHot,
    bernoulli_loss,
    categorical_entropy,
    categorical_kl,
)
from dreamer_agent.model.encoders import ObservationEncoder
from dreamer_agent.model.kl import kl_loss
from dreamer_agent.model.layers import MLPHead
from dreamer_agent.model.open_loop import OpenLoop
from dreamer_agent.model.precision import without_graph
from dreamer_agent.model.rssm import RSSM, RSSMState
from dreamer_agent.model.tensors import TensorBatch, tensor_batch
from dreamer_agent.replay.batch import Batch
from dreamer_agent.spaces.actions import ActionSpec
from dreamer_agent.spaces.observation import ObservationSpec

FilterMode = Literal["sample", "mode"]


@dataclass(frozen=True)
class WorldModelLoss:
    """Losses of a batch, and the posterior they were computed from.

    Attributes:
        total: What to minimise: weighted losses, averaged over valid steps.
        losses: Mean of every unweighted term, detached.
        posterior: Posterior states ``(B, T, ...)``, with their graph.
        metrics: Means of the KL divergence and the entropies in nats, detached.
    """

    total: Float[Tensor, ""]
    losses: dict[str, Float[Tensor, ""]]
    posterior: RSSMState
    metrics: dict[str, Float[Tensor, ""]]


class WorldModel(nn.Module):
    """Learn to predict observations, rewards and endings from actions.

    Args:
        observations: What to encode and decode.
        action: The action space.
        config: The agent's configuration.
    """

    def __init__(
        self,
        observations: Mapping[str, ObservationSpec],
        action: ActionSpec,
        config: AgentConfig,
    ) -> None:
        super().__init__()
        self.observations = dict(observations)
        self.action = action
        self.config = config
        self.encoder = ObservationEncoder(observations, config)
        self.rssm = RSSM(config.rssm, self.encoder.out_size, action.size)
        self.decoder = ObservationDecoder(observations, config)
        feature = self.rssm.feature_size
        self.twohot = TwoHot(config.twohot.kind, config.twohot.bins)
        reward, ends = config.reward_head, config.continue_head
        self.reward_head = MLPHead(feature, reward.units, reward.layers, config.twohot.bins, 0.0)
        self.continue_head = MLPHead(feature, ends.units, ends.layers, 1)

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    @property
    def discount(self) -> float:
        """Discount per step, 1 − 1/horizon."""
        return 1 - 1 / self.config.imagination.discount_horizon

    def tensors(self, batch: Batch | TensorBatch) -> TensorBatch:
        """Convert a replay batch for this model; tensors pass through.

        Raises:
            SpaceError: A key is missing or has the wrong shape.
        """
        if isinstance(batch, TensorBatch):
            return batch
        return tensor_batch(batch, self.observations, self.action, self.config.rssm, self.device)

    def observe(
        self,
        batch: Batch | TensorBatch,
        generator: torch.Generator | None = None,
        mode: FilterMode = "sample",
    ) -> tuple[RSSMState, Float[Tensor, "B T S C"]]:
        """Filter sequences from their context (or the zero state), after their burn-in if any.

        Args:
            batch: Sequences ``(B, T)``; rows of ``batch.burn_in`` come before and get no gradient.
            generator: Source of the latents' randomness.
            mode: Sample the latents, or take the posterior's mode.

        Returns:
            Posterior states ``(B, T, ...)`` and posterior logits.
        """
        data = self.tensors(batch)
        num, length = data.shape
        flat = {key: value.flatten(0, 1) for key, value in data.obs.items()}
        embed = self.encoder(flat).unflatten(0, (num, length))
        start = self._start(data, generator, mode)
        uniform = self._uniform((num, length), generator) if mode == "sample" else None
        return self.rssm.observe(embed, data.action, data.is_first, start, uniform)

    def loss(
        self, batch: Batch | TensorBatch, generator: torch.Generator | None = None
    ) -> WorldModelLoss:
        """Compute the world model's loss.

        Args:
            batch: Sequences ``(B, T)``.
            generator: Source of the latents' randomness.

        Returns:
            The total with its graph, every term in its own unit (nats, or squared errors), and the
            posterior to imagine from.
        """
        data = self.tensors(batch)
        posterior, logits = self.observe(data, generator)
        log_q = self.rssm.log_probs(logits)
        log_p = self.rssm.log_probs(self.rssm.prior(posterior.deter))
        feature = posterior.feature
        reconstruction, losses = self._reconstruction(feature, data, generator)
        losses["reward"] = self.twohot.loss(self._reward_log_probs(feature), data.reward)
        target = self.continue_target(data.is_terminal)
        losses["continue"] = bernoulli_loss(self.continue_head(feature).squeeze(-1), target)
        losses["kl"] = kl_loss(log_q, log_p, self.config.kl)
        means = {key: weighted_mean(loss, data.weight) for key, loss in losses.items()}
        total = reconstruction + means["reward"] + means["continue"] + means["kl"]
        detached = {key: mean.detach() for key, mean in means.items()}
        return WorldModelLoss(
            total, detached, posterior, _latent_metrics(log_q, log_p, data.weight)
        )

    def learn_scales(self, data: TensorBatch) -> None:
        """Take a batch into the statistics that standardise vectors, where they are asked for."""
        flat = {key: value.flatten(0, 1) for key, value in data.obs.items()}
        for part in (self.encoder, self.decoder):
            part.learn_scales(flat, data.weight.flatten())

    def continue_target(self, is_terminal: Bool[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        """Return what the continue head learns: (1 − terminal), times discount if configured."""
        live = (~is_terminal).float()
        return live * self.discount if self.config.imagination.discount_in_continue else live

    @torch.no_grad()
    def filter(
        self,
        state: RSSMState,
        action: Float[Tensor, "N action"],
        obs: Mapping[str, Shaped[Tensor, "N *shape"]],
        is_first: Bool[Tensor, " N"],
        mode: FilterMode = "mode",
        generator: torch.Generator | None = None,
    ) -> RSSMState:
        """Take in one step: the posterior after ``action`` led to ``obs``.

        Args:
            state: Posterior of the step before.
            action: Encoded action that led here; ignored where ``is_first``.
            obs: Raw observations.
            is_first: Rows that begin an episode.
            mode: Sample the latents, or take the posterior's mode.
            generator: Source of randomness for ``sample``.

        Returns:
            N posterior states, without a graph.
        """
        num = len(is_first)
        uniform = self._uniform((num, 1), generator) if mode == "sample" else None
        posterior, _ = self.rssm.observe(
            self.encoder(obs).unsqueeze(1),
            action.unsqueeze(1),
            is_first.unsqueeze(1),
            state,
            uniform,
        )
        return RSSMState(posterior.deter[:, 0], posterior.stoch[:, 0])

    def predict_reward(self, feature: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch"]:
        """Return the expected reward in the environment's units."""
        return self.twohot.mean(self._reward_log_probs(feature))

    def predict_continue(self, feature: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch"]:
        """Return the probability of going on, times the discount if the head was trained so."""
        return self.continue_head(feature).squeeze(-1).sigmoid()

    def predict_allowed(
        self, feature: Float[Tensor, "N feature"], mask_key: str
    ) -> Bool[Tensor, "N size"]:
        """Return which choices the learned mask allows; all of a component if it allows none."""
        return self.action.allowed(self.decoder[mask_key].predict(feature).flatten(1).bool())

    @torch.no_grad()
    def open_loop(
        self,
        batch: Batch | TensorBatch,
        context_steps: int = 5,
        generator: torch.Generator | None = None,
        mode: FilterMode = "sample",
    ) -> OpenLoop:
        """Filter ``context_steps`` rows, then imagine the rest from the recorded actions.

        Args:
            batch: Sequences ``(B, T)`` with T > context_steps; resets in the imagined part are
                not seen by the model.
            context_steps: Rows whose observations the model sees.
            generator: Source of the latents' randomness.
            mode: Sample the latents, or take modes.
        """
        data = self.tensors(batch)
        num, length = data.shape
        posterior, _ = self.observe(data.steps(slice(context_steps)), generator, mode)
        state = RSSMState(posterior.deter[:, -1], posterior.stoch[:, -1])
        features = [posterior.feature]
        for t in range(context_steps, length):
            uniform = self._uniform((num,), generator) if mode == "sample" else None
            state = self.rssm.imagine_step(state, data.action[:, t], uniform)
            features.append(state.feature.unsqueeze(1))
        feature = torch.cat(features, 1)  # (B, T, feature)
        predicted = self.decoder.predict(feature.flatten(0, 1))
        observations = {
            key: (data.obs[key].cpu().numpy(), value.unflatten(0, (num, length)).cpu().numpy())
            for key, value in predicted.items()
        }
        alive = (~data.is_terminal).float()
        return OpenLoop(
            observations,
            (data.reward.cpu().numpy(), self.predict_reward(feature).cpu().numpy()),
            (alive.cpu().numpy(), self._continue_probability(feature).cpu().numpy()),
            context_steps,
        )

    def _start(
        self, data: TensorBatch, generator: torch.Generator | None, mode: FilterMode
    ) -> RSSMState:
        state = data.context or self.rssm.initial_state(data.shape[0], self.device)
        if data.burn_in is None:
            return state
        with without_graph():
            warm, _ = self.observe(data.burn_in, generator, mode)
        last = RSSMState(warm.deter[:, -1], warm.stoch[:, -1])
        return last.where(data.burn_in.weight[:, -1] > 0, state)

    def _reward_log_probs(self, feature: Tensor) -> Tensor:
        return self.reward_head(feature).log_softmax(-1)

    def _continue_probability(self, feature: Tensor) -> Tensor:
        predicted = self.predict_continue(feature)
        if self.config.imagination.discount_in_continue:
            predicted = (predicted / self.discount).clamp_max(1)
        return predicted

    def _reconstruction(
        self, feature: Tensor, data: TensorBatch, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the mean over valid rows, keys scaled, and each key's own loss by row."""
        flat = {key: value.flatten(0, 1) for key, value in data.obs.items()}
        weight = (data.weight / data.weight.sum().clamp_min(1)).flatten()
        total, losses = self.decoder.loss(feature.flatten(0, 1), flat, weight, generator)
        return total, {key: loss.view(data.shape) for key, loss in losses.items()}

    def _uniform(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        size = (*shape, self.config.rssm.stoch)
        return torch.rand(size, generator=generator, device=self.device)


def weighted_mean(
    values: Float[Tensor, "*batch"], weight: Float[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Average over the rows with weight, so that padding neither counts nor dilutes."""
    return (values * weight).sum() / weight.sum().clamp_min(1)


def _latent_metrics(log_q: Tensor, log_p: Tensor, weight: Tensor) -> dict[str, Tensor]:
    log_q, log_p = log_q.detach(), log_p.detach()
    return {
        "kl": weighted_mean(categorical_kl(log_q, log_p), weight),
        "posterior_entropy": weighted_mean(categorical_entropy(log_q).sum(-1), weight),
        "prior_entropy": weighted_mean(categorical_entropy(log_p).sum(-1), weight),
    }
