"""Train the world model between PPO's rollouts, on what those rollouts recorded."""

from __future__ import annotations

from dreamer_agent import Agent, Replay
from stable_baselines3.common.callbacks import BaseCallback

from hybrid_ppo.wrapper_stack import find_world_model, seen_from_above


class WorldModelCallback(BaseCallback):
    """Update the world model after each rollout, never inside PPO's epochs.

    The order is: PPO collects a rollout on the present features, the world model learns from the
    replay, the environments' states are filtered again with the new model, PPO learns from the
    rollout it collected. PPO's own data thus never changes under it.

    Args:
        agent: Whose world model learns.
        replay: What it learns from; filled by the environment's recorder.
        updates_per_rollout: World-model updates after each rollout.

    Raises:
        NotLatentError: When training starts: there is no :class:`WorldModelVecEnv` in the
            environment, or one of the wrappers above it is not known.
    """

    def __init__(self, agent: Agent, replay: Replay, updates_per_rollout: int) -> None:
        super().__init__()
        self.agent, self.replay = agent, replay
        self.updates_per_rollout = updates_per_rollout
        self.updates = 0

    def _on_training_start(self) -> None:
        self._env = find_world_model(self.training_env)
        seen_from_above(self.training_env, self._env.present())  # whoever cannot is told now

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if not self.replay.can_sample():
            return
        for _ in range(self.updates_per_rollout):
            batch = self.replay.sample()
            update = self.agent.update_world_model(batch)
            self.replay.write_latents(batch.ids, update.deter, update.stoch)
            for name, value in update.metrics.items():
                self.logger.record_mean(f"world_model/{name}", value)
        self.updates += self.updates_per_rollout
        self.model._last_obs = seen_from_above(self.training_env, self._env.refilter())
