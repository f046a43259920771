"""What a run is made of, environments to policy: built, saved and restored as one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dreamer_agent import (
    Agent,
    Checkpoint,
    EpisodeRows,
    Loaded,
    Recording,
    Replay,
    ReplayConfig,
    RunDirectory,
    load_run,
    resolve_device,
    write_recording,
)
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import Tensor

from hybrid_ppo import ppo_state
from hybrid_ppo.algorithm import make_ppo
from hybrid_ppo.config import HybridConfig
from hybrid_ppo.cotrain import WorldModelCallback
from hybrid_ppo.latent_env import WorldModelVecEnv
from hybrid_ppo.record import RowRecorder
from hybrid_ppo.vector_env import VectorEnvAdapter


@dataclass(frozen=True)
class RunParts:
    """The parts of a run that a checkpoint must hold.

    Attributes:
        env_id: What is played.
        agent: Whose world model learns; it filters too, unless a slow copy does (``env.agent``).
        raw: The environments.
        env: The same behind the filter.
        model: SB3's algorithm.
        replay: What the world model learns from; None if it is frozen.
        learner: Has it learn; None if it is frozen.
    """

    env_id: str
    agent: Agent
    raw: VectorEnvAdapter
    env: WorldModelVecEnv
    model: OnPolicyAlgorithm
    replay: Replay | None
    learner: WorldModelCallback | None

    @property
    def title(self) -> str:
        """The run in a few words."""
        learner = type(self.model).__name__
        return f"hybrid-ppo · {self.env_id} · {learner} on {self.agent.feature_size} features"

    def snapshot(self, others: Mapping[str, Any]) -> Checkpoint:
        """Return everything to save; ``others`` is the rest of the training state."""
        weights: dict[str, Any] = {"policy": ppo_state.policy_weights(self.model)}
        optimizers: dict[str, Any] = {"policy": ppo_state.optimizer_state(self.model)}
        training = {
            "raw": self.raw.state(),
            "env": self.env.snapshot(),
            "progress": ppo_state.progress(self.model),
            "generators": ppo_state.generators(),
            **others,
        }
        if self.replay and self.learner:
            weights["world_model"] = self.agent.state_dict()
            if self.env.agent is not self.agent:
                weights["slow_world_model"] = self.env.agent.state_dict()
            optimizers["world_model"] = self.agent.optimizer_state()
            training["replay"] = self.replay.save()
            training["agent"] = self.agent.rng_state()
            training["updates"] = self.learner.updates
        step = self.model.num_timesteps
        return Checkpoint(step, self.agent.spec, weights, optimizers, training)

    def restore(self, saved: Checkpoint) -> None:
        """Return to a checkpoint of the run; SB3's ``learn`` goes on from there."""
        training, model = saved.training, self.model
        load_weights(saved, self.env.agent, model)
        ppo_state.load_optimizer_state(model, saved.optimizer["policy"])
        if self.replay and self.learner:
            self.agent.load_state_dict(weights_of(saved, "world_model"))
            self.agent.load_optimizer_state(saved.optimizer["world_model"])
            self.agent.set_rng_state(training["agent"])
            self.replay.restore(training["replay"])
            self.learner.updates = training["updates"]
        ppo_state.restore_progress(model, training["progress"])
        if self.raw.restore(training["raw"]):
            self.env.restore(training["env"])
            model._last_obs = self.env.present()
        else:
            warnings.warn(
                f"The running episodes cannot be brought back ({self.raw.rows.lost_because}); new "
                "episodes begin, so this run is not repeated exactly.",
                stacklevel=2,
            )
            model._last_obs = self.env.reset()
            model._last_episode_starts = np.ones(self.env.num_envs, np.bool_)
        ppo_state.restore_generators(training["generators"])


def load_weights(saved: Checkpoint, agent: Agent, model: OnPolicyAlgorithm) -> None:
    """Fill the policy and, if it learned too, the world model whose features the policy knows."""
    ppo_state.load_policy_weights(model, weights_of(saved, "policy"))
    for name in ("slow_world_model", "world_model"):
        if name in saved.model:
            agent.load_state_dict(weights_of(saved, name))
            return


def weights_of(saved: Checkpoint, part: str) -> dict[str, Tensor]:
    """Return one part's weights by name."""
    weights: Any = saved.model[part]
    return dict(weights)


def load_world_model(
    path: Path,
    config: HybridConfig,
    *,
    num_envs: int | None = None,
    seed: int | None = None,
    trust: bool = False,
    say: Callable[[str], None] | None = None,
) -> Loaded:
    """Bring back a world model, with its optimiser if it is to learn, and its environments."""
    return load_run(
        path,
        num_envs=config.num_envs if num_envs is None else num_envs,
        seed=config.seed if seed is None else seed,
        device=resolve_device(config.device),
        agent_seed=config.seed,
        trust=trust,
        say=say,
        with_optimizer=not config.freeze_world_model,
    )


def build_parts(
    config: HybridConfig, run: RunDirectory, loaded: Loaded, stack: ExitStack
) -> RunParts:
    """Make the parts of a run around a world model; ``stack`` closes them.

    Args:
        config: The run.
        run: Its directory.
        loaded: The world model and its environments.
        stack: Takes what closes the parts.

    Raises:
        HybridError: Settings, environments and world model do not fit together.
        ReplayError: The replay directory holds other rows.
    """
    agent, raw = loaded.agent, VectorEnvAdapter(loaded.rows)
    stack.callback(raw.close)
    replay = learner = None
    if not config.freeze_world_model:
        replay = _open_replay(config, run, agent, loaded.rows)
        stack.callback(replay.close)
        learner = _make_learner(config, agent, replay)
    acting = _slow_copy(agent, loaded) if learner and config.cotrain.slow_rate < 1 else agent
    env = wrap(config, raw, acting, replay)
    return RunParts(loaded.config.env, agent, raw, env, make_ppo(config, env), replay, learner)


def wrap(
    config: HybridConfig, raw: VectorEnvAdapter, agent: Agent, replay: Replay | None = None
) -> WorldModelVecEnv:
    """Put environments behind the world model's filter.

    Args:
        config: The run's settings.
        raw: The environments.
        agent: Whose world model filters.
        replay: Where every row is recorded; None records nothing.
    """
    return WorldModelVecEnv(
        raw,
        agent,
        include_raw=config.include_raw,
        recorder=RowRecorder(replay) if replay else None,
        history_steps=_history_steps(config) if replay else 0,
    )


def _history_steps(config: HybridConfig) -> int:
    rollout = config.ppo.n_steps + 1 if config.cotrain.refresh_below else 0
    return config.cotrain.refilter_steps + rollout


def _make_learner(config: HybridConfig, agent: Agent, replay: Replay) -> WorldModelCallback:
    settings = config.cotrain
    return WorldModelCallback(
        agent,
        replay,
        settings.updates_per_rollout,
        refresh_below=settings.refresh_below,
        refilter_steps=settings.refilter_steps,
        slow_rate=settings.slow_rate,
    )


def _slow_copy(agent: Agent, loaded: Loaded) -> Agent:
    """Make the agent whose world model follows the learning one's."""
    rows = loaded.rows
    spaces = (rows.observation_space, rows.action_space)
    slow = Agent(*spaces, agent.config, modalities=rows.modalities, device=agent.device)
    slow.load_state_dict(agent.state_dict())
    return slow


def _open_replay(
    config: HybridConfig, run: RunDirectory, agent: Agent, rows: EpisodeRows
) -> Replay:
    """Open the run's replay: on disk, so that memory does not grow with it."""
    settings, rssm = config.cotrain, agent.config.rssm
    context_every = min(ReplayConfig.context_every, settings.sequence_length)
    replay = Replay.for_spaces(
        rows.observation_space,
        rows.action_space,
        num_streams=config.num_envs,
        batch_size=settings.batch_size,
        sequence_length=settings.sequence_length,
        config=ReplayConfig(capacity=settings.capacity, context_every=context_every),
        latent_sizes=(rssm.deter, rssm.stoch, rssm.classes),
        directory=run.replay,
        seed=config.seed,
    )
    recording = Recording(rows.observation_space, rows.action_space, rows.env.metadata)
    write_recording(run.replay, recording)
    return replay
