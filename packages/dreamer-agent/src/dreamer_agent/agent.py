"""The agent: acts in environments and learns from batches of their sequences."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from dreamer_agent.agent_state import AgentState
from dreamer_agent.behaviour.actor_critic import ActorCritic
from dreamer_agent.config import AgentConfig
from dreamer_agent.errors import CheckpointError, SpaceError
from dreamer_agent.learning.update import Update, Updater
from dreamer_agent.model.precision import autocast
from dreamer_agent.model.rssm import RSSMState
from dreamer_agent.model.tensors import obs_tensors
from dreamer_agent.model.world_model import FilterMode, WorldModel
from dreamer_agent.replay.batch import Batch
from dreamer_agent.spaces.actions import action_spec
from dreamer_agent.spaces.keys import by_key
from dreamer_agent.spaces.observation import (
    action_mask_key,
    as_action_mask,
    describe,
    observation_specs,
)

__all__ = ["Agent", "AgentState", "Update"]

ActMode = Literal["sample", "greedy"]
Observation = Mapping[str, np.ndarray] | tuple[np.ndarray, ...] | np.ndarray

_PURPOSES = ("act", "world_model", "imagination", "dropout")


class Agent:
    """DreamerV3 for any Dict (or single) observation space.

    Args:
        observation_space: A Dict or Tuple of Box, Discrete, MultiDiscrete and MultiBinary, or
            one of them; parts of a Tuple have the keys ``"0"``, ``"1"`` …
        action_space: Discrete, MultiDiscrete, MultiBinary or a floating-point Box.
        config: See :func:`dreamer_agent.presets.preset`.
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
        self._updater = Updater(
            self.world_model, self.actor_critic, config, self.mask_key, self._generators
        )

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
        return sum(param.numel() for param in self._updater.parameters)

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
            action_mask: Legal choices, ``(N, choices)``; overrides the mask in ``obs``. Where none
                is legal, all are.

        Returns:
            Actions ``(N, *action_shape)`` in the action space's form, and the next state.

        Raises:
            SpaceError: An observation or mask does not have its space's shape.
        """
        tensors = self._tensors(obs, len(is_first))
        allowed = self._allowed(tensors, action_mask)
        with autocast(self.device, self.config.precision):
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
        with autocast(self.device, self.config.precision):
            posterior = self._filter(
                self._tensors(obs, len(is_first)), state, encoded, is_first, mode
            )
        return AgentState(posterior.deter, posterior.stoch, encoded)

    def features(self, state: AgentState) -> Float[Tensor, "N feature"]:
        """Return the features every head sees: deter, then the flattened latents; float32."""
        return state.rssm.feature

    def update(self, batch: Batch) -> Update:
        """Train world model, actor and critic on one batch.

        Args:
            batch: B sequences of T rows from the replay.

        Returns:
            Losses and statistics, and the posterior of every row (for ``Replay.write_latents``).

        Raises:
            SpaceError: An array does not have its space's shape.
            NonFiniteError: A loss or gradient is NaN or infinite; no weight has been changed.
        """
        return self._updater.update(batch)

    def update_world_model(self, batch: Batch) -> Update:
        """Train the world model alone on one batch; actor and critic stay as they are.

        Raises:
            SpaceError: An array does not have its space's shape.
            NonFiniteError: A loss or gradient is NaN or infinite; no weight has been changed.
        """
        return self._updater.update_world_model(batch)

    def copy_to_act(self) -> Agent:
        """Return an agent with weights of its own that acts with this one's generators.

        It cannot learn; ``load_state_dict`` brings its weights up to date.
        """
        acting = copy.copy(self)
        del acting._updater
        modules = copy.deepcopy((self.world_model, self.actor_critic))
        acting.world_model, acting.actor_critic = modules
        for module in modules:
            module.requires_grad_(False)
        return acting

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
        return self._updater.state()

    def load_optimizer_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`optimizer_state` returned."""
        self._updater.load_state(state)

    def rng_state(self) -> dict[str, Tensor]:
        """Return the state of every generator, one per purpose."""
        return {purpose: generator.get_state() for purpose, generator in self._generators.items()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`rng_state` returned."""
        for purpose, generator in self._generators.items():
            generator.set_state(state[purpose])

    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"world_model": self.world_model, "actor_critic": self.actor_critic}

    def _tensors(self, obs: Observation, num_envs: int) -> dict[str, Tensor]:
        return obs_tensors(by_key(obs), self.observations, (num_envs,), self.device)

    def _allowed(self, obs: dict[str, Tensor], action_mask: np.ndarray | None) -> Tensor | None:
        if action_mask is None:
            if self.mask_key is None:
                return None
            return self.action.allowed(obs[self.mask_key].flatten(1).bool())
        allowed = torch.as_tensor(action_mask, dtype=torch.bool, device=self.device)
        if allowed.shape[1:] != (self.action.size,):
            raise SpaceError(
                f"action_mask has shape {tuple(allowed.shape)}; (N, {self.action.size}) needed."
            )
        return self.action.allowed(allowed)

    def _filter(
        self,
        obs: dict[str, Tensor],
        state: AgentState,
        action: Tensor,
        is_first: np.ndarray,
        mode: FilterMode,
    ) -> RSSMState:
        if self.world_model.training:  # walking all modules at every step would show
            self.world_model.eval()
        first = torch.as_tensor(is_first, dtype=torch.bool, device=self.device)
        generator = self._generators["act"]
        return self.world_model.filter(state.rssm, action, obs, first, mode, generator)


def _generators(seed: int, device: torch.device) -> dict[str, torch.Generator]:
    children = np.random.SeedSequence(seed).spawn(len(_PURPOSES))
    return {
        purpose: torch.Generator(device).manual_seed(
            int(child.generate_state(1, np.uint64)[0]) >> 1
        )
        for purpose, child in zip(_PURPOSES, children, strict=True)
    }
