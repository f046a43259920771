"""A world model from nothing: random play is stored, then learned from, all by dreamer-agent.

```
RUN/pretrain/data/     a run of dreamer-agent's that collected and learned nothing
RUN/pretrain/world/    one that learned from its replay; whole, or not there
```
Both go on where they stopped: the same command picks them up again.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import dreamer_agent
from dreamer_agent import RunDirectory, TrainConfig, lay_over, preset_config, train_offline

from hybrid_ppo.config import HybridConfig
from hybrid_ppo.errors import ConfigError, PretrainingStopped


def pretrain_settings(config: HybridConfig) -> TrainConfig:
    """Return the settings of the world model to make.

    Raises:
        ConfigError: Neither a world model nor an environment is named, or ``config.pretrain`` has
            a bad field.
    """
    base = preset_config(config.preset, config.size)
    settings = lay_over(base, config.pretrain, "pretrain")
    env = config.env or config.pretrain.get("env")
    if env is None:
        raise ConfigError(
            "Give a world model (--world-model, the run directory of `dreamer train`), or an "
            "environment to make one for (--env CartPole-v1)."
        )
    return dataclasses.replace(
        settings,
        env=env,
        num_envs=config.num_envs,
        seed=config.seed,
        device=config.device,
        save_every_s=max(1.0, config.save_every_s),
        video_every_steps=0,
    )


def make_world_model(config: HybridConfig, run: RunDirectory) -> Path:
    """Collect ``config.pretrain_steps`` of random play and train a world model on them.

    Args:
        config: The hybrid run's settings, without a world model.
        run: Its directory.

    Returns:
        The run directory of the world model.

    Raises:
        PretrainingStopped: The user ended it; what was done is kept.
        DreamerError: As ``dreamer train`` does.
    """
    settings, root = pretrain_settings(config), run.path / "pretrain"
    data = _collect(settings, root / "data", config.pretrain_steps)
    if not config.pretrain_steps:
        return data
    world = root / "world"
    if not world.exists():
        _learn(settings, data, world)
    return world


def rows_of(run: RunDirectory) -> Path:
    """Where the rows of random play are stored, if there are some."""
    return RunDirectory(run.path / "pretrain" / "data").replay


def begin_replay(run: RunDirectory, rows: Path | None) -> None:
    """Empty a new run's replay, and begin it with stored rows if there are some.

    Their latents are left behind: those of the untrained model say nothing.
    """
    shutil.rmtree(run.replay, ignore_errors=True)
    if rows is not None:
        shutil.copytree(rows, run.replay, ignore=shutil.ignore_patterns("context_*"))


def _collect(settings: TrainConfig, place: Path, steps: int) -> Path:
    steps = max(1, steps)
    collecting = dataclasses.replace(
        settings,
        run_dir=str(place),
        env_steps=steps,
        prefill_steps=steps,  # of an untrained policy: uniformly random
        replay_ratio=0,
        eval_every_steps=0,
    )
    run = RunDirectory(place)
    dreamer_agent.train(collecting, resume=any(run.checkpoints.glob("step_*")))
    if run.load_newest().step < steps:
        raise PretrainingStopped
    return place


def _learn(settings: TrainConfig, data: Path, place: Path) -> None:
    temporary = place.with_name(".tmp_world")
    shutil.rmtree(temporary, ignore_errors=True)
    defaults = TrainConfig()
    learning = dataclasses.replace(
        settings,
        run_dir=str(temporary),
        num_envs=defaults.num_envs,
        prefill_steps=defaults.prefill_steps,
    )
    rows = RunDirectory(data).replay
    train_offline(learning, rows)
    if RunDirectory(temporary).load_newest().step < _count_rows(settings, rows):
        raise PretrainingStopped
    temporary.rename(place)


def _count_rows(settings: TrainConfig, rows: Path) -> int:
    replay = dreamer_agent.Replay.open(rows, settings.batch_size, settings.sequence_length)
    try:
        return replay.stats().rows
    finally:
        replay.close()
