"""Train the world model between PPO's rollouts, on what those rollouts recorded."""

from __future__ import annotations

import numpy as np
from dreamer_agent import Agent, Replay
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from hybrid_ppo.drift import DriftProbe
from hybrid_ppo.errors import ConfigError
from hybrid_ppo.latent_env import FEATURES
from hybrid_ppo.slow_copy import follow
from hybrid_ppo.wrapper_stack import find_world_model, seen_from_above


class WorldModelCallback(BaseCallback):
    """Update the world model after each rollout, never inside PPO's epochs.

    The order is: PPO collects a rollout on the present features, the world model learns from the
    replay, the environments' states are filtered again with the new model, PPO learns from the
    rollout it collected. How far the features moved is logged as ``drift/``; where it is far, the
    rollout's features are filtered again too, so that PPO learns on those it will act on.

    Args:
        agent: Whose world model learns.
        replay: What it learns from; filled by the environment's recorder.
        updates_per_rollout: World-model updates after each rollout.
        refresh_below: Filter the rollout again where ``drift/cosine`` is below; 0 never does. The
            environment must remember it: ``history_steps`` above PPO's ``n_steps``.
        refilter_steps: Environment steps to filter again before the next rollout, and before the
            rollout where it is filtered again.
        slow_rate: If the environment is filtered by another agent than the one that learns: how
            far its world model follows with each update, in (0, 1].

    Raises:
        NotLatentError: When training starts: there is no :class:`WorldModelVecEnv` in the
            environment, or one of the wrappers above it is not known.
        ConfigError: When training starts: the environment remembers too few steps.
    """

    def __init__(
        self,
        agent: Agent,
        replay: Replay,
        updates_per_rollout: int,
        *,
        refresh_below: float = 0.0,
        refilter_steps: int | None = None,
        slow_rate: float = 1.0,
    ) -> None:
        super().__init__()
        self.agent, self.replay = agent, replay
        self.updates_per_rollout = updates_per_rollout
        self.updates = 0
        self._refresh_below, self._slow_rate = refresh_below, slow_rate
        self._refilter_steps = refilter_steps

    def _on_training_start(self) -> None:
        self._env = find_world_model(self.training_env)
        seen_from_above(self.training_env, self._env.present())  # whoever cannot is told now
        needed = self._rollout_steps() + 1
        if self._refresh_below and self._env.history_steps < needed:
            raise ConfigError(
                f"refresh_below={self._refresh_below} needs history_steps of at least {needed}, "
                f"the rollout and the step before; WorldModelVecEnv has {self._env.history_steps}."
            )

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if not self.replay.can_sample():
            return
        probe = DriftProbe(self._env.agent, self.replay, self.replay.sequence_length)
        for _ in range(self.updates_per_rollout):
            self._update()
        drift = probe.measure()
        for name, value in drift.items():
            self.logger.record(name, value)
        self._refilter(drift["drift/cosine"] < self._refresh_below)

    def _update(self) -> None:
        batch = self.replay.sample()
        update = self.agent.update_world_model(batch)
        self.replay.write_latents(batch.ids, update.deter, update.stoch)
        if self._env.agent is not self.agent:
            follow(self._env.agent, self.agent, self._slow_rate)
        for name, value in update.metrics.items():
            self.logger.record_mean(f"world_model/{name}", value)
        self.updates += 1

    def _refilter(self, with_rollout: bool) -> None:
        steps = self._refilter_steps
        if with_rollout and steps is not None:
            steps += self._rollout_steps()
        self.model._last_obs = seen_from_above(self.training_env, self._env.refilter(steps))
        self.logger.record("drift/refreshed", float(with_rollout))
        if with_rollout:
            self._refresh_rollout()

    def _refresh_rollout(self) -> None:
        assert isinstance(self.model, OnPolicyAlgorithm)
        stored = self.model.rollout_buffer.observations
        shown = self._env.remembered(self._rollout_steps() + 1)[:-1]
        seen = [seen_from_above(self.training_env, obs) for obs in shown]
        if isinstance(stored, dict):
            stored[FEATURES][:] = np.stack([obs[FEATURES] for obs in seen])
        else:
            stored[:] = np.stack(seen)

    def _rollout_steps(self) -> int:
        assert isinstance(self.model, OnPolicyAlgorithm)
        return self.model.n_steps
