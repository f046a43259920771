"""One update: losses, gradients, optimiser steps, and what is reported of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dreamer_agent.behaviour.actor_critic import (
    ActorCritic,
    BehaviourLoss,
    Trajectories,
    imagine,
)
from dreamer_agent.config import AgentConfig
from dreamer_agent.errors import NonFiniteError
from dreamer_agent.learning.optim import FlatOptimizer
from dreamer_agent.model.precision import LossScale, autocast
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.model.tensors import TensorBatch, last_rows
from dreamer_agent.model.world_model import WorldModel, WorldModelLoss, weighted_mean
from dreamer_agent.replay.batch import Batch


@dataclass(frozen=True)
class Update:
    """What one update returns.

    Attributes:
        metrics: Losses and statistics by name.
        deter: Posterior of every row, ``(B, T, D)`` float32.
        stoch: Class index of every latent, ``(B, T, S)`` int64.
    """

    metrics: dict[str, float]
    deter: np.ndarray
    stoch: np.ndarray


class Updater:
    """Trains the parts of an agent together.

    Args:
        world_model: Predicts.
        actor_critic: Acts and judges.
        config: The agent's configuration.
        mask_key: Observation key of the action mask, if there is one.
        generators: Randomness for ``world_model``, ``imagination`` and ``dropout``.
    """

    def __init__(
        self,
        world_model: WorldModel,
        actor_critic: ActorCritic,
        config: AgentConfig,
        mask_key: str | None,
        generators: Mapping[str, torch.Generator],
    ) -> None:
        self.world_model = world_model
        self.actor_critic = actor_critic
        self.config = config
        self.mask_key = mask_key
        self.device = world_model.device
        self._generators = generators
        self.optimizers = self._build_optimizers()
        self.loss_scale = LossScale(config.precision == "float16")

    @property
    def parameters(self) -> list[Tensor]:
        """Everything that is trained."""
        return [param for optimizer in self.optimizers.values() for param in optimizer.params]

    def update(self, batch: Batch) -> Update:
        """Train world model, actor and critic on one batch.

        Raises:
            NonFiniteError: A loss or gradient is NaN or infinite; no weight has been changed.
        """
        data = self.world_model.tensors(batch)
        learned = self._world_model_loss(data)
        behaviour, total, more = self._behaviour_loss(learned, data)
        metrics = {**_world_model_metrics(learned), **more}
        norms = self._apply(learned.total + total, metrics, tuple(self.optimizers))
        if norms:  # else the update was dropped, and nothing may follow it
            self.actor_critic.follow(behaviour)
        metrics |= norms
        return _update(metrics, learned.posterior)

    def update_world_model(self, batch: Batch) -> Update:
        """Train the world model alone on one batch; actor and critic stay as they are.

        Raises:
            NonFiniteError: A loss or gradient is NaN or infinite; no weight has been changed.
        """
        learned = self._world_model_loss(self.world_model.tensors(batch))
        metrics = _world_model_metrics(learned)
        metrics |= self._apply(learned.total, metrics, ("world_model",))
        return _update(metrics, learned.posterior)

    def state(self) -> dict[str, Tensor]:
        """Return the optimisers' state and the loss scale by flat names."""
        state = {
            f"{part}.{name}": tensor
            for part, optimizer in self.optimizers.items()
            for name, tensor in optimizer.state().items()
        }
        scale = [self.loss_scale.value, float(self.loss_scale.num_good_steps)]
        return state | {"loss_scale": torch.tensor(scale, dtype=torch.float64)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        for part, optimizer in self.optimizers.items():
            optimizer.load_state(
                {name: state[f"{part}.{name}"] for name in ("mean", "square", "num_steps")}
            )
        self.loss_scale.value = float(state["loss_scale"][0])
        self.loss_scale.num_good_steps = int(state["loss_scale"][1])

    def _build_optimizers(self) -> dict[str, FlatOptimizer]:
        config = self.config.optimizer
        model, behaviour = self.world_model, self.actor_critic
        actor_lr, critic_lr = config.actor_lr or config.lr, config.critic_lr or config.lr
        return {
            "world_model": FlatOptimizer(model.parameters(), config, config.lr),
            "actor": FlatOptimizer(behaviour.actor.parameters(), config, actor_lr),
            "critic": FlatOptimizer(behaviour.critic.parameters(), config, critic_lr),
        }

    def _world_model_loss(self, data: TensorBatch) -> WorldModelLoss:
        self.world_model.learn_scales(data)
        with self._training(), self._autocast():
            return self.world_model.loss(data, self._generators["world_model"])

    def _behaviour_loss(
        self, learned: WorldModelLoss, data: TensorBatch
    ) -> tuple[BehaviourLoss, Tensor, dict[str, Tensor]]:
        imagination = self.config.imagination
        rows = last_rows(data.weight, imagination.last)
        posterior, data = learned.posterior.rows(rows), data.rows(rows)
        with self._autocast():  # one of its own, because it is without gradients
            trajectories = imagine(
                self.world_model,
                self.actor_critic.actor,
                posterior.detach().flatten(),
                imagination.horizon,
                self.mask_key,
                self._generators["imagination"],
            )
        with self._autocast():
            return self._behaviour_terms(posterior, data, trajectories)

    def _behaviour_terms(
        self, posterior: RSSMState, data: TensorBatch, trajectories: Trajectories
    ) -> tuple[BehaviourLoss, Tensor, dict[str, Tensor]]:
        behaviour, returns = self.actor_critic.loss(trajectories, data.weight.flatten())
        metrics = {f"loss/{name}": value for name, value in behaviour.losses.items()}
        metrics |= {f"behaviour/{name}": value for name, value in behaviour.metrics.items()}
        # imagined_reward far above this: the model promises what the environment does not pay
        metrics["behaviour/replay_reward"] = weighted_mean(data.reward, data.weight)
        total, scale = behaviour.total, self.config.critic.replay_loss
        if scale:
            boot = returns[0].view(data.shape)
            replay = self.actor_critic.replay_loss(posterior.feature, data, boot)
            total = total + scale * replay
            metrics["loss/replay_critic"] = replay.detach()
        return behaviour, total, metrics

    def _apply(
        self, loss: Tensor, metrics: Mapping[str, Tensor], parts: tuple[str, ...]
    ) -> dict[str, Tensor]:
        """Step these parts; their gradients' norms, or nothing if float16 made it drop the step."""
        if not bool(loss.isfinite()):
            if self.loss_scale.lower():
                self._drop_gradients()
                return {}
            raise NonFiniteError(_culprit(metrics, self._modules()))
        (loss * self.loss_scale.value).backward()
        if not self.loss_scale.unscale(self.parameters) and self.loss_scale.lower():
            self._drop_gradients()
            return {}
        norms = {f"grad_norm/{part}": self.optimizers[part].grad_norm() for part in parts}
        if not all(bool(norm.isfinite()) for norm in norms.values()):
            message = _culprit({**metrics, **norms}, self._modules())
            self._drop_gradients()
            raise NonFiniteError(message)
        for part in parts:
            self.optimizers[part].step()
        return norms

    def _drop_gradients(self) -> None:
        for optimizer in self.optimizers.values():
            optimizer.drop_gradients()

    def _modules(self) -> dict[str, nn.Module]:
        return {"world_model": self.world_model, "actor_critic": self.actor_critic}

    @contextmanager
    def _training(self) -> Iterator[None]:
        """Train mode; dropout, the only user of torch's global generator, is seeded by our own."""
        self.world_model.train()
        seed = torch.randint(2**62, (), generator=self._generators["dropout"], device=self.device)
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(int(seed))
            yield

    def _autocast(self) -> AbstractContextManager[Any]:
        return autocast(self.device, self.config.precision)


def _world_model_metrics(learned: WorldModelLoss) -> dict[str, Tensor]:
    metrics = {f"loss/{name}": value for name, value in learned.losses.items()}
    return metrics | {f"latent/{name}": value for name, value in learned.metrics.items()}


def _update(metrics: Mapping[str, Tensor], posterior: RSSMState) -> Update:
    values = torch.stack([value.float() for value in metrics.values()]).tolist()
    return Update(
        dict(zip(metrics, values, strict=True)),
        posterior.deter.detach().float().cpu().numpy(),
        posterior.stoch.detach().argmax(-1).cpu().numpy(),
    )


def _culprit(metrics: Mapping[str, Tensor], modules: Mapping[str, nn.Module]) -> str:
    bad = [name for name, value in metrics.items() if not bool(value.isfinite())]
    weights = [
        f"{part}.{name}"
        for part, module in modules.items()
        for name, param in module.named_parameters()
        if not bool(param.isfinite().all())
    ]
    return (
        f"Not finite: {bad or 'the sum of the losses'}; weights: {weights or 'all finite'}. "
        "Look for NaN in the observations of these keys, or lower optimizer.lr."
    )
