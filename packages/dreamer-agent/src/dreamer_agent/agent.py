"""The agent: acts in environments and learns from batches of their sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from dreamer_agent.actor_critic import ActorCritic, Trajectories, imagine, starts
from dreamer_agent.config import AgentConfig
from dreamer_agent.errors import CheckpointError, NonFiniteError, SpaceError
from dreamer_agent.optim import FlatOptimizer, LossScale
from dreamer_agent.replay.batch import Batch
from dreamer_agent.rssm import RSSMState
from dreamer_agent.spaces import (
    SINGLE_KEY,
    action_mask_key,
    action_spec,
    as_action_mask,
    describe,
    observation_specs,
)
from dreamer_agent.tensors import TensorBatch, obs_tensors
from dreamer_agent.world_model import FilterMode, WorldModel, WorldModelLoss

ActMode = Literal["sample", "greedy"]
Observation = Mapping[str, np.ndarray] | np.ndarray

_PURPOSES = ("act", "world_model", "imagination", "dropout")
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


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


class Agent:
    """DreamerV3 for any Dict (or single) observation space.

    Args:
        observation_space: A Dict of Box, Discrete, MultiDiscrete and MultiBinary, or one of them.
        action_space: Discrete, MultiDiscrete or Box.
        config: See :func:`dreamer_agent.config.preset`.
        modalities: The environment's hints, ``env.metadata.get("modalities")``.
        device: Where to compute.
        seed: Seeds the initial weights and the agent's own generators; nothing global.

    Raises:
        SpaceError: A space the agent cannot take.
        ConfigError: The configuration contradicts the spaces.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        config: AgentConfig,
        *,
        modalities: Mapping[str, str] | None = None,
        device: torch.device | str = "cpu",
        seed: int = 0,
    ) -> None:
        self.config = config
        self.device = torch.device(device)
        self.action = action_spec(action_space)
        observations = observation_specs(observation_space, config, modalities)
        self.mask_key = action_mask_key(observations, self.action, config)
        self.observations = as_action_mask(observations, self.mask_key)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.world_model = WorldModel(self.observations, self.action, config).to(self.device)
            features = self.world_model.rssm.feature_size
            self.actor_critic = ActorCritic(features, self.action, config).to(self.device)
        self._generators = _generators(seed, self.device)
        self._optimizers = self._build_optimizers()
        self._loss_scale = LossScale(config.precision == "float16" and self.device.type == "cuda")

    @property
    def feature_size(self) -> int:
        """Width of :meth:`features`."""
        return self.world_model.rssm.feature_size

    @property
    def spec(self) -> dict[str, Any]:
        """The spaces and modalities as builtins; agents with equal specs can share weights."""
        return describe(self.observations, self.action)

    @property
    def num_parameters(self) -> int:
        """Trainable parameters; the slow critic does not count."""
        return sum(param.numel() for param in self._parameters())

    def initial_state(self, num_envs: int) -> AgentState:
        """Return the state before the first step of ``num_envs`` environments."""
        state = self.world_model.rssm.initial_state(num_envs, self.device)
        action = torch.zeros(num_envs, self.action.size, device=self.device)
        return AgentState(state.deter, state.stoch, action)

    @torch.no_grad()
    def act(
        self,
        obs: Observation,
        state: AgentState,
        is_first: np.ndarray,
        mode: ActMode = "sample",
        action_mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray, AgentState]:
        """Choose actions for N environments.

        Args:
            obs: Key to ``(N, *shape)``; the plain array for a single space.
            state: What the last call returned, or :meth:`initial_state`.
            is_first: Rows whose episode has just begun, ``(N,)`` bool; their state is reset.
            mode: Sample from the policy, or take its mode. Latents are sampled either way.
            action_mask: Legal choices, ``(N, choices)``; overrides the mask in ``obs``.

        Returns:
            Actions ``(N, *action_shape)`` in the action space's form, and the next state.

        Raises:
            SpaceError: An observation or mask does not have its space's shape.
        """
        tensors = self._tensors(obs, len(is_first))
        allowed = self._allowed(tensors, action_mask)
        with self._autocast():
            posterior = self._filter(tensors, state, state.action, is_first, "sample")
            policy = self.actor_critic.actor(posterior.feature, allowed)
        encoded = policy.sample(self._generators["act"]) if mode == "sample" else policy.mode()
        return self.action.decode(encoded), AgentState(posterior.deter, posterior.stoch, encoded)

    @torch.no_grad()
    def filter(
        self,
        obs: Observation,
        state: AgentState,
        action: np.ndarray,
        is_first: np.ndarray,
        mode: FilterMode = "mode",
    ) -> AgentState:
        """Take in one step of N environments that something else acts in.

        Args:
            obs: Key to ``(N, *shape)``; the plain array for a single space.
            state: State of the step before.
            action: What led to ``obs``, in the action space's form; ignored where ``is_first``.
            is_first: Rows whose episode has just begun, ``(N,)`` bool.
            mode: The posterior's mode (reproducible), or a sample of it.

        Returns:
            The posterior; its ``action`` is the given one, encoded.
        """
        encoded = self.action.encode(action, self.device)
        with self._autocast():
            posterior = self._filter(
                self._tensors(obs, len(is_first)), state, encoded, is_first, mode
            )
        return AgentState(posterior.deter, posterior.stoch, encoded)

    def features(self, state: AgentState) -> Float[Tensor, "N feature"]:
        """Return the features every head sees: deter, then the flattened latents."""
        return state.rssm.feature

    def update(self, batch: Batch) -> Update:
        """Train world model, actor and critic on one batch.

        Args:
            batch: B sequences of T rows from the replay.

        Raises:
            NonFiniteError: A loss is NaN or infinite; no weight has been changed.
        """
        data = self.world_model.tensors(batch)
        with self._training(), self._autocast():
            learned = self.world_model.loss(data, self._generators["world_model"])
        total, behaviour = self._behaviour_loss(learned, data)
        metrics = {**_world_model_metrics(learned), **behaviour}
        metrics |= self._apply(learned.total + total, metrics, tuple(self._optimizers))
        self.actor_critic.update_slow_critic()
        return _update(metrics, learned.posterior)

    def update_world_model(self, batch: Batch) -> Update:
        """Train the world model alone on one batch; actor and critic stay as they are.

        Raises:
            NonFiniteError: A loss is NaN or infinite; no weight has been changed.
        """
        data = self.world_model.tensors(batch)
        with self._training(), self._autocast():
            learned = self.world_model.loss(data, self._generators["world_model"])
        metrics = _world_model_metrics(learned)
        metrics |= self._apply(learned.total, metrics, ("world_model",))
        return _update(metrics, learned.posterior)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all weights, the slow critic and the return scale, by flat names."""
        return {
            f"{part}.{name}": tensor
            for part, module in self._modules().items()
            for name, tensor in module.state_dict().items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            CheckpointError: Names or shapes differ.
        """
        own = self.state_dict()
        if missing := sorted(own.keys() ^ state.keys()):
            raise CheckpointError(
                f"These weights belong to another configuration; names that differ: {missing[:5]}."
            )
        for name, tensor in own.items():
            if tensor.shape != state[name].shape:
                raise CheckpointError(
                    f"Weight {name} has shape {tuple(state[name].shape)}, this agent needs "
                    f"{tuple(tensor.shape)}: the checkpoint was made with another size."
                )
        for name, tensor in own.items():
            tensor.copy_(state[name])

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return the optimisers' state by flat names."""
        state = {
            f"{part}.{name}": tensor
            for part, optimizer in self._optimizers.items()
            for name, tensor in optimizer.state().items()
        }
        scale = [self._loss_scale.value, float(self._loss_scale.num_good_steps)]
        return state | {"loss_scale": torch.tensor(scale, dtype=torch.float64)}

    def load_optimizer_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`optimizer_state` returned."""
        for part, optimizer in self._optimizers.items():
            optimizer.load_state(
                {name: state[f"{part}.{name}"] for name in ("mean", "square", "num_steps")}
            )
        self._loss_scale.value = float(state["loss_scale"][0])
        self._loss_scale.num_good_steps = int(state["loss_scale"][1])

    def rng_state(self) -> dict[str, Tensor]:
        """Return the state of every generator, one per purpose."""
        return {purpose: generator.get_state() for purpose, generator in self._generators.items()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`rng_state` returned."""
        for purpose, generator in self._generators.items():
            generator.set_state(state[purpose])

    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"world_model": self.world_model, "actor_critic": self.actor_critic}

    def _parameters(self) -> list[Tensor]:
        return [param for optimizer in self._optimizers.values() for param in optimizer.params]

    def _build_optimizers(self) -> dict[str, FlatOptimizer]:
        config = self.config.optimizer
        behaviour_lr = config.actor_critic_lr or config.lr
        parts = self.actor_critic
        return {
            "world_model": FlatOptimizer(self.world_model.parameters(), config, config.lr),
            "actor": FlatOptimizer(parts.actor.parameters(), config, behaviour_lr),
            "critic": FlatOptimizer(parts.critic.parameters(), config, behaviour_lr),
        }

    def _tensors(self, obs: Observation, num_envs: int) -> dict[str, Tensor]:
        arrays = obs if isinstance(obs, Mapping) else {SINGLE_KEY: np.asarray(obs)}
        return obs_tensors(arrays, self.observations, (num_envs,), self.device)

    def _allowed(self, obs: dict[str, Tensor], action_mask: np.ndarray | None) -> Tensor | None:
        if action_mask is None:
            return None if self.mask_key is None else obs[self.mask_key].flatten(1).bool()
        allowed = torch.as_tensor(action_mask, dtype=torch.bool, device=self.device)
        if allowed.shape[1:] != (self.action.size,):
            raise SpaceError(
                f"action_mask has shape {tuple(allowed.shape)}; (N, {self.action.size}) needed."
            )
        return allowed

    def _filter(
        self,
        obs: dict[str, Tensor],
        state: AgentState,
        action: Tensor,
        is_first: np.ndarray,
        mode: FilterMode,
    ) -> RSSMState:
        self.world_model.eval()
        first = torch.as_tensor(is_first, dtype=torch.bool, device=self.device)
        generator = self._generators["act"]
        return self.world_model.filter(state.rssm, action, obs, first, mode, generator)

    def _behaviour_loss(
        self, learned: WorldModelLoss, data: TensorBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        imagination = self.config.imagination
        start, weight = starts(learned.posterior, data.weight, imagination)
        # a context of its own: autocast caches weights cast without a graph, and would reuse them
        with self._autocast():
            trajectories = imagine(
                self.world_model,
                self.actor_critic.actor,
                start,
                imagination.horizon,
                self.mask_key,
                self._generators["imagination"],
            )
        with self._autocast():
            return self._behaviour_terms(learned, data, trajectories, weight)

    def _behaviour_terms(
        self,
        learned: WorldModelLoss,
        data: TensorBatch,
        trajectories: Trajectories,
        weight: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        behaviour, returns = self.actor_critic.loss(trajectories, weight)
        metrics = {f"loss/{name}": value for name, value in behaviour.losses.items()}
        metrics |= {f"behaviour/{name}": value for name, value in behaviour.metrics.items()}
        total, scale = behaviour.total, self.config.critic.replay_loss
        if scale:
            last = self.config.imagination.last or data.shape[1]
            feature = learned.posterior.feature[:, -last:]
            boot = returns[0].view(data.shape[0], last)
            replay = self.actor_critic.replay_loss(feature, data.steps(slice(-last, None)), boot)
            total = total + scale * replay
            metrics["loss/replay_critic"] = replay.detach()
        return total, metrics

    def _apply(
        self, loss: Tensor, metrics: dict[str, Tensor], parts: tuple[str, ...]
    ) -> dict[str, Tensor]:
        if not bool(loss.isfinite()):
            raise NonFiniteError(_culprit(metrics, self._modules()))
        (loss * self._loss_scale.value).backward()
        if not self._loss_scale.unscale(self._parameters()):
            for param in self._parameters():
                param.grad = None
            return {}
        return {f"grad_norm/{part}": self._optimizers[part].step() for part in parts}

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
        dtype = _DTYPES.get(self.config.precision)
        return torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None)


def _generators(seed: int, device: torch.device) -> dict[str, torch.Generator]:
    children = np.random.SeedSequence(seed).spawn(len(_PURPOSES))
    return {
        purpose: torch.Generator(device).manual_seed(
            int(child.generate_state(1, np.uint64)[0] >> 1)
        )
        for purpose, child in zip(_PURPOSES, children, strict=True)
    }


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


def _culprit(metrics: Mapping[str, Tensor], modules: Mapping[str, torch.nn.Module]) -> str:
    bad = [name for name, value in metrics.items() if not bool(value.isfinite())]
    weights = [
        f"{part}.{name}"
        for part, module in modules.items()
        for name, param in module.named_parameters()
        if not bool(param.isfinite().all())
    ]
    return (
        f"The loss is not finite. Terms: {bad or 'their sum'}; weights: {weights or 'all finite'}. "
        "Look for NaN in the observations of these keys, or lower optimizer.lr."
    )
