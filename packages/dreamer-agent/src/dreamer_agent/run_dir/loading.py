"""Bring back a trained agent."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym

from dreamer_agent.agent import Agent
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.errors import CheckpointError
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.directory import RunDirectory
from dreamer_agent.run_dir.run_config import load_run_config
from dreamer_agent.run_dir.specs import compare_specs
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.run_dir.trust import check_trust, imported_modules

__all__ = [
    "Loaded",
    "check_rows",
    "load",
    "load_config",
    "load_run",
    "open_rows",
    "split_run_path",
]


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A run brought back.

    Attributes:
        agent: With the checkpoint's weights.
        config: The run's configuration.
        step: Environment steps it was trained for.
        rows: Environments the agent fits, freshly reset.
    """

    agent: Agent
    config: TrainConfig
    step: int
    rows: EpisodeRows


def load(
    path: Path | str,
    observation_space: gym.Space[Any] | None = None,
    action_space: gym.Space[Any] | None = None,
    *,
    modalities: Mapping[str, str] | None = None,
    device: str = "cpu",
    seed: int | None = None,
    trust: bool = False,
) -> Agent:
    """Bring back the agent of a run.

    Args:
        path: A run directory (its newest checkpoint), or one ``checkpoints/step_N`` in it.
        observation_space: Spaces it was trained on; left out, its environment is made and asked.
        action_space: See ``observation_space``; give both or none.
        modalities: ``env.metadata.get("modalities")`` of that environment.
        device: Where to put it.
        seed: Of the agent's generators from here on; the run's own if left out.
        trust: Without spaces, the modules that the run's config.yaml names are imported to make
            its environment; those of another user's file only with ``trust``.

    Raises:
        RunDirectoryError: There is no run there.
        CheckpointError: There is no checkpoint, it is damaged, or made for other spaces.
    """
    if observation_space is None or action_space is None:
        loaded = load_run(Path(path), device=device, agent_seed=seed, trust=trust)
        loaded.rows.env.close()
        return loaded.agent
    run, saved = split_run_path(Path(path))
    config = load_run_config(run.config)
    agent = Agent(
        observation_space,
        action_space,
        config.agent,
        modalities=modalities,
        device=device,
        seed=config.seed if seed is None else seed,
    )
    _fill(agent, saved)
    return agent


def load_config(run_dir: Path | str) -> TrainConfig:
    """Read the configuration of a run.

    Raises:
        RunDirectoryError: There is no run there.
        ConfigError: Its config.yaml has a bad field.
    """
    run = RunDirectory(Path(run_dir))
    run.require()
    return dataclasses.replace(load_run_config(run.config), run_dir=str(run_dir))


def load_run(
    path: Path,
    *,
    env: str | None = None,
    num_envs: int = 1,
    seed: int = 0,
    device: str = "cpu",
    agent_seed: int | None = None,
    render: bool = False,
    trust: bool = False,
    say: Callable[[str], None] | None = None,
    with_optimizer: bool = False,
) -> Loaded:
    """Bring back agent and environments of a run; ``seed`` is the environments', see ``load``.

    ``with_optimizer`` has the agent learn on where it stopped, not warm up anew; ``trust`` imports
    what the run names although the file is another user's; ``say`` is told what.
    """
    run, saved = split_run_path(path)
    config = load_run_config(run.config)
    wanted = dataclasses.replace(config, env=env or config.env)
    # an environment given by the caller is the caller's word, not the file's
    named = imported_modules(dataclasses.replace(config, env="") if env else config)
    if (told := check_trust(run.config, named, trust)) and say:
        say(told)
    if render:
        kwargs = {**config.env_kwargs, "render_mode": "rgb_array"}
        wanted = dataclasses.replace(wanted, env_kwargs=kwargs, vectorization="sync")
    rows = open_rows(wanted, num_envs, seed)
    agent = Agent(
        rows.observation_space,
        rows.action_space,
        config.agent,
        modalities=rows.modalities,
        device=device,
        seed=config.seed if agent_seed is None else agent_seed,
    )
    step = _fill(agent, saved, with_optimizer)
    return Loaded(agent, config, step, rows)


def open_rows(config: TrainConfig, num_envs: int, seed: int) -> EpisodeRows:
    """Make the environments of a configuration."""
    env = make_vector_env(
        config.env, num_envs, config.env_kwargs, config.vectorization, config.wrappers
    )
    return EpisodeRows(env, seed, config.agent.action_mask, config.agent.dropped_keys)


def split_run_path(path: Path) -> tuple[RunDirectory, Path]:
    """Find run and checkpoint from either's path.

    Raises:
        RunDirectoryError: There is no run there.
        CheckpointError: The run has no checkpoint yet.
    """
    if path.parent.name == "checkpoints" and path.is_dir():
        run = RunDirectory(path.parent.parent)
        run.require()
        return run, path
    run = RunDirectory(path)
    run.require()
    newest = checkpoint.latest(run.checkpoints)
    if newest is None:
        raise CheckpointError(
            f"{path} has no checkpoint yet. One is written every save_every_s seconds and at the "
            "end of training."
        )
    return run, newest


def check_rows(replay: Replay, directory: Path) -> None:
    """Name in a warning what the run of a stored replay had when it was last saved, and has not."""
    newest = checkpoint.latest(RunDirectory(directory.parent).checkpoints)
    if newest is None or directory != RunDirectory(directory.parent).replay:
        return
    try:
        training = checkpoint.load(newest, ("training",)).training
    except CheckpointError as error:
        warnings.warn(f"{error} Whether rows of the replay are lost is not known.", stacklevel=2)
        return
    if training is not None:
        replay.check(training["replay"])


def _fill(agent: Agent, path: Path, with_optimizer: bool = False) -> int:
    saved = checkpoint.load(path, ("model", "optimizer") if with_optimizer else ("model",))
    compare_specs(saved.spec, agent.spec, str(path))
    agent.load_state_dict(saved.model)
    if with_optimizer:
        agent.load_optimizer_state(saved.optimizer)
    return saved.step
