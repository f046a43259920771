"""Train stock SB3 PPO on a world model's features: ``train(HybridConfig(...))``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from dreamer_agent import (
    Checkpoint,
    Every,
    Interrupt,
    Keeper,
    RunDirectory,
    check_unchanged,
    film,
    lay_over,
    read_sealed,
    save_sealed,
    split_run_path,
)
from pydantic import TypeAdapter
from stable_baselines3.common.callbacks import BaseCallback

from hybrid_ppo.config import HybridConfig
from hybrid_ppo.errors import ConfigError
from hybrid_ppo.pretrain import begin_replay, make_world_model, pretrain_settings, rows_of
from hybrid_ppo.run_callback import RunCallback, Stopped
from hybrid_ppo.run_log import RunLog
from hybrid_ppo.run_parts import RunParts, build_parts, load_world_model
from hybrid_ppo.world_model_copy import (
    check_world_model,
    keep_world_model,
    place_of,
    world_model_hash,
)

Say = Callable[[str], None]

_STARTING = ".starting"
"""File in a run's directory until its first checkpoint is written."""

_ON_RESUME = (
    "run_dir", "steps", "stop_after_minutes", "video_every_steps", "save_every_s",
    "keep_checkpoints", "device", "log.", "ppo.learning_rate", "ppo.ent_coef",
    "cotrain.updates_per_rollout",
)  # fmt: skip
"""Settings (or beginnings of them) that a resumed run may set anew."""


def train(
    config: HybridConfig, *, resume: bool = False, trust: bool = False, say: Say | None = None
) -> Path:
    """Train PPO on the features of the world model in ``config.world_model``, or of one made here.

    The run directory is dreamer-agent's: ``config.yaml``, ``metrics.jsonl``, ``checkpoints/``, and
    ``world_model/``, the run's own copy of the world model. Ctrl-C, SIGTERM and SIGHUP end the
    training where a rollout begins, and save.

    Args:
        config: The run's settings.
        resume: Go on with the run in ``config.run_dir`` from its newest checkpoint.
        trust: Import what the world model's settings name although another user owns them.
        say: Told what is imported.

    Returns:
        The run directory.

    Raises:
        HybridError: Settings contradict each other, the environment or the checkpoint.
        DreamerError: There is no world model, the directory holds a run or cannot be written, or
            the environment failed.
    """
    run = RunDirectory(config.run_dir)
    if resume:
        check_unchanged(_plain(load_config(config.run_dir)), _plain(config), _ON_RESUME)
    else:
        _check_start(config)
        _clear_start(run)
        run.create()
    with ExitStack() as stack:
        run.lock()
        stack.callback(run.unlock)
        keeper = Keeper(run, config.keep_checkpoints)
        saved = keeper.resume() if resume else None
        parts = _build(config, run, saved, stack, trust, say)
        _Session(config, run, keeper, parts, saved, stack).run()
    return config.run_dir


def _plain(config: HybridConfig) -> dict[str, Any]:
    values: dict[str, Any] = TypeAdapter(HybridConfig).dump_python(config, mode="json")
    return values


def load_config(run_dir: Path) -> HybridConfig:
    """Read the settings of a run.

    Raises:
        RunDirectoryError: There is no run there, or its config.yaml is not what was written.
        ConfigError: Its config.yaml has a bad field.
    """
    run = RunDirectory(run_dir)
    run.require()
    config = lay_over(HybridConfig(), read_sealed(run.config), str(run.config))
    return dataclasses.replace(config, run_dir=run_dir)


def _check_start(config: HybridConfig) -> None:
    if config.world_model is None:
        pretrain_settings(config)
        return
    if config.env or config.pretrain:
        raise ConfigError(
            "A world model brings its environment with it: leave out either --world-model or "
            "--env (and pretrain)."
        )
    split_run_path(config.world_model)


def _clear_start(run: RunDirectory) -> None:
    """Remove the rows of a start that was killed before its first checkpoint: none were learned."""
    if not (run.path / _STARTING).exists() or any(run.checkpoints.glob("step_*")):
        return
    run.lock()
    try:
        begin_replay(run, None)
    finally:
        run.unlock()


def _build(
    config: HybridConfig,
    run: RunDirectory,
    saved: Checkpoint | None,
    stack: ExitStack,
    trust: bool,
    say: Say | None,
) -> RunParts:
    if saved is not None:
        check_world_model(run, saved.training["world_model"])
        loaded = load_world_model(place_of(run), config, trust=trust, say=say)
        parts = build_parts(config, run, loaded, stack)
    else:
        made = config.world_model or make_world_model(config, run)
        _, source = split_run_path(made)  # its newest now, whatever comes later
        loaded = load_world_model(source, config, trust=trust, say=say)
        (run.path / _STARTING).touch()
        begin_replay(run, None if config.world_model else rows_of(run))
        parts = build_parts(config, run, loaded, stack)
        keep_world_model(source, run)
    save_sealed(yaml.safe_dump(_plain(config), sort_keys=False), run.config)
    return parts


class _Session:
    """One process's part of a run."""

    def __init__(
        self,
        config: HybridConfig,
        run: RunDirectory,
        keeper: Keeper,
        parts: RunParts,
        saved: Checkpoint | None,
        stack: ExitStack,
    ) -> None:
        self._config, self._run, self._keeper, self._parts = config, run, keeper, parts
        self._world_model = world_model_hash(run)
        log_state = saved.training["log"] if saved else None
        self._log = RunLog(config, run, parts.title, log_state, stack)
        stack.callback(self._log.display.close)
        self._interrupt = Interrupt(self._announce_stop)
        parts.model.set_logger(self._log.sb3_logger())
        self._video_clock = Every(config.video_every_steps)
        if saved:
            parts.restore(saved)
            self._video_clock.done = saved.training["video_clock"]
        self._is_new = saved is None

    def run(self) -> None:
        """Work until the configured end or an interruption; then save."""
        display, model = self._log.display, self._parts.model
        display.start()
        if not self._is_new:
            display.say(f"Resumed at step {model.num_timesteps:,}.", "cyan")
        with self._interrupt:
            try:
                self._learn()
            except Stopped:
                display.status.phase = "stopped"
            else:
                self._save()
                display.status.phase = "done"
        display.say(self._farewell(), "cyan")

    def _learn(self) -> None:
        model, parts = self._parts.model, self._parts
        left = max(0, self._config.steps - model.num_timesteps)
        callback = RunCallback(
            self._log,
            parts.learner,
            self._save,
            self._film,
            self._config.save_every_s,
            self._interrupt,
            self._is_new,
        )
        callbacks: list[BaseCallback] = [callback]
        if parts.learner:  # first, so that what it did is counted
            callbacks.insert(0, parts.learner)
        model.learn(left, callback=callbacks, reset_num_timesteps=self._is_new)

    def _save(self) -> None:
        step = self._parts.model.num_timesteps
        others = {
            "world_model": self._world_model,
            "log": self._log.state(step),
            "video_clock": self._video_clock.done,
        }
        self._keeper.save(self._parts.snapshot(others), self._parts.replay)
        (self._run.path / _STARTING).unlink(missing_ok=True)

    def _film(self) -> None:
        """Write a dream video, if one is due and the world model learns."""
        parts, step = self._parts, self._parts.model.num_timesteps
        if parts.replay and self._video_clock.due(step):
            metadata = parts.raw.rows.env.metadata
            film(parts.agent, parts.replay, metadata, self._run.videos, self._log.logger, step)

    def _announce_stop(self) -> None:
        self._log.display.say(
            "Stopping: after this rollout, a checkpoint is saved … (again: abort)", "cyan"
        )

    def _farewell(self) -> str:
        step, path = self._parts.model.num_timesteps, self._run.path
        unfinished = step < self._config.steps
        hint = f" Continue with: hybrid-ppo train --resume {path}" if unfinished else ""
        return f"At step {step:,}; saved in {path}.{hint}"
