"""What a run is made of, environments to learner: built, saved and restored as one."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from dreamer_agent.agent import Agent
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir.checkpoint import Checkpoint
from dreamer_agent.run_dir.directory import RunDirectory
from dreamer_agent.run_dir.specs import compare_specs
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.collect import Collector
from dreamer_agent.training.device import resolve_device
from dreamer_agent.training.learn import Learner
from dreamer_agent.training.recording import Recording, write_recording

__all__ = ["RunParts", "build_parts"]


@dataclass(frozen=True)
class RunParts:
    """The parts of a run that a checkpoint must hold.

    Attributes:
        rows: The environments.
        agent: What learns, and acts between updates.
        acting: What acts: the agent, or a copy of it that acts beside updates.
        replay: The experience.
        collector: Fills the replay.
        learner: Learns from it.
    """

    rows: EpisodeRows
    agent: Agent
    acting: Agent
    replay: Replay
    collector: Collector
    learner: Learner

    def snapshot(self, others: dict[str, Any]) -> Checkpoint:
        """Return everything to save; ``others`` is the rest of the training state."""
        training = {
            "replay": self.replay.save(),
            "collector": self.collector.state(),
            "learner": self.learner.state(),
            **others,
        }
        return Checkpoint(
            self.collector.env_steps,
            self.agent.spec,
            self.agent.state_dict(),
            self.agent.optimizer_state(),
            training,
        )

    def restore(self, saved: Checkpoint) -> None:
        """Return to a checkpoint of a training run, the one the parts were built for."""
        self.agent.load_state_dict(saved.model)
        self.agent.load_optimizer_state(saved.optimizer)
        assert saved.training is not None
        self.replay.restore(saved.training["replay"])
        self.learner.restore(saved.training["learner"])
        if not self.collector.restore(saved.training["collector"]):
            warnings.warn(
                f"The running episodes cannot be brought back ({self.rows.lost_because}); new "
                "episodes begin, so this run is not repeated exactly.",
                stacklevel=2,
            )


def build_parts(
    config: TrainConfig, run: RunDirectory, stack: ExitStack, saved: Checkpoint | None = None
) -> RunParts:
    """Make the parts of a run, untrained and empty; ``stack`` closes them.

    Args:
        config: The run.
        run: Its directory; nothing in it is changed before everything is found to fit.
        stack: Takes what closes the parts.
        saved: The checkpoint they are to be restored to.

    Raises:
        EnvError: The environment cannot be made.
        SpaceError: The agent cannot take its spaces.
        SpacesMismatchError: ``saved`` was made for other spaces; names the key.
        ReplayError: The replay directory holds other rows.
    """
    env = make_vector_env(
        config.env, config.num_envs, config.env_kwargs, config.vectorization, config.wrappers
    )
    stack.callback(env.close)
    rows = EpisodeRows(env, config.seed, config.agent.action_mask, config.agent.dropped_keys)
    spaces = (rows.observation_space, rows.action_space)
    agent = Agent(
        *spaces,
        config.agent,
        modalities=rows.modalities,
        device=resolve_device(config.device),
        seed=config.seed,
    )
    if saved:
        compare_specs(saved.spec, agent.spec, str(run.path))
    replay = Replay.for_spaces(
        *spaces,
        num_streams=config.num_envs,
        batch_size=config.batch_size,
        sequence_length=config.sequence_length,
        config=config.replay,
        latent_sizes=config.latent_sizes,
        directory=run.replay,
        seed=config.seed,
    )
    stack.callback(replay.close)
    write_recording(run.replay, Recording(*spaces, env.metadata))
    acting = agent.copy_to_act() if config.collect == "beside" else agent
    collector = Collector(rows, acting, replay)
    return RunParts(rows, agent, acting, replay, collector, Learner(agent, replay))
