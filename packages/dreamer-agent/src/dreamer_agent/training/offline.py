"""Train the world model from a stored replay, without an environment.

Progress is counted in stored rows worked through, as a run counts environment steps: logs, videos
and checkpoints come as often for both.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from dreamer_agent.agent import Agent
from dreamer_agent.dream.film import film
from dreamer_agent.logging import Logger
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.open import open_sinks
from dreamer_agent.logging.record import CallbackSink, OnRecord
from dreamer_agent.logging.terminal import Terminal
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.directory import RunDirectory, default_run_dir
from dreamer_agent.run_dir.loading import check_rows
from dreamer_agent.run_dir.run_config import save_run_config
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.config_changes import unused_offline
from dreamer_agent.training.device import resolve_device
from dreamer_agent.training.interrupt import Interrupt
from dreamer_agent.training.introduction import introduce
from dreamer_agent.training.learn import Learner
from dreamer_agent.training.metrics import Meter, Watch
from dreamer_agent.training.progress import Progress
from dreamer_agent.training.recording import Recording, read_recording
from dreamer_agent.training.schedule import Every

__all__ = ["train_offline"]


def train_offline(config: TrainConfig, replay_dir: Path, on_record: OnRecord | None = None) -> Path:
    """Train the world model alone; each stored row is replayed ``config.replay_ratio`` times.

    Args:
        config: The run. What needs an environment has no effect, and is named at the start.
        replay_dir: A stored replay (``RUN/replay``); it is only read.
        on_record: Called with (rows worked through, scalars) for every line of metrics.

    Returns:
        The new run directory; its checkpoint can be loaded like any other.

    Raises:
        ReplayError: There is no replay there, or it holds too little.
        RunDirectoryError: The run directory is taken or unwritable.
    """
    recording = read_recording(replay_dir)
    run = RunDirectory(Path(config.run_dir) if config.run_dir else default_run_dir("offline"))
    with ExitStack() as stack:
        replay = _open_replay(config, replay_dir)
        stack.callback(replay.close)
        agent = _make_agent(config, recording)
        run.create()
        run.lock()
        stack.callback(run.unlock)
        config = dataclasses.replace(
            config, run_dir=str(run.path), threads=config.threads or torch.get_num_threads()
        )
        save_run_config(config, run.config)
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(config.threads)
        trainer = _OfflineTrainer(config, run, agent, replay, recording.metadata, on_record)
        stack.callback(trainer.close)
        trainer.run()
    return run.path


def _open_replay(config: TrainConfig, directory: Path) -> Replay:
    replay = Replay.open(
        directory,
        config.batch_size,
        config.sequence_length,
        config.replay,
        latent_sizes=config.latent_sizes,
        seed=config.seed,
    )
    check_rows(replay, directory)
    return replay


def _make_agent(config: TrainConfig, recording: Recording) -> Agent:
    return Agent(
        recording.observation_space,
        recording.action_space,
        config.agent,
        modalities=recording.metadata.get("modalities"),
        device=resolve_device(config.device),
        seed=config.seed,
    )


class _OfflineTrainer:
    def __init__(
        self,
        config: TrainConfig,
        run: RunDirectory,
        agent: Agent,
        replay: Replay,
        metadata: Mapping[str, Any],
        on_record: OnRecord | None,
    ) -> None:
        self._config, self._run = config, run
        self._agent, self._replay, self._metadata = agent, replay, metadata
        self._rows = replay.stats().rows
        self._total = max(1, int(self._rows * config.replay_ratio / config.steps_per_update))
        self._learner, self._meter = Learner(agent, replay, world_model_only=True), Meter()
        self._watch = Watch(config.agent.kl.free_nats, max_entropy=None)
        self._log_clock = Every(config.log.every_steps)
        self._video_clock = Every(config.video_every_steps)
        self._interrupt = Interrupt(self._announce_stop)
        self._display = Terminal(f"dreamer offline · {self._rows:,} stored rows", str(run.path))
        self._logger = Logger(JsonlSink(run.metrics))
        self._logger.add("The display", lambda: self._display)
        open_sinks(self._logger, config.log, run.path, dataclasses.asdict(config))
        if on_record:
            self._logger.add("on_record", lambda: CallbackSink(on_record))
        self._progress = Progress(
            dataclasses.replace(config, env_steps=self._rows), self._display.status, 0, 0
        )
        self._saved_at = time.monotonic()

    @property
    def _step(self) -> int:
        return self._learner.weights_version * self._rows // self._total

    def run(self) -> None:
        """Update until all is replayed, an interruption, or the end of the time; then save."""
        self._display.start()
        introduce(self._display, self._agent, self._metadata.get("modalities"))
        unused = unused_offline(self._config)
        if unused:
            self._display.warn(f"Without an environment these have no effect: {', '.join(unused)}.")
        with self._interrupt:
            while not self._is_over():
                self._meter.add(self._learner.update())
                self._progress.update(self._step, self._learner.weights_version, "learning")
                self._do_what_is_due()
            self._log()
            self._save()
        self._display.say(self._farewell(), "cyan")

    def close(self) -> None:
        """Close display and files."""
        self._display.close()
        self._logger.close()

    def _is_over(self) -> bool:
        is_done = self._learner.weights_version >= self._total
        return is_done or self._interrupt.requested or self._progress.is_out_of_time

    def _do_what_is_due(self) -> None:
        if self._log_clock.due(self._step):
            self._log()
        if self._video_clock.due(self._step):
            self._display.status.phase = "dreaming"
            where = (self._run.videos, self._logger, self._step)
            film(self._agent, self._replay, self._metadata, *where)
        if time.monotonic() - self._saved_at >= self._config.save_every_s:
            self._save()

    def _log(self) -> None:
        means, updates = self._meter.take(), self._learner.weights_version
        if not means:
            return
        for warning in self._watch.check(means, updates):
            self._display.warn(warning)
        system = self._progress.system(self._step, updates, self._replay.stats())
        self._logger.write(self._step, {"updates": float(updates), **means, **system})

    def _save(self) -> None:
        status = self._display.status
        status.phase = "saving"
        whole = checkpoint.Checkpoint(
            self._step,
            self._agent.spec,
            self._agent.state_dict(),
            self._agent.optimizer_state(),
            training=None,
        )
        checkpoint.save(self._run.checkpoints, whole, self._config.keep_checkpoints)
        self._saved_at = time.monotonic()
        status.saved_at, status.saved_step = self._saved_at, self._step

    def _announce_stop(self) -> None:
        self._display.say("Stopping: saving a checkpoint … (again: abort)", "cyan")

    def _farewell(self) -> str:
        done, total = self._learner.weights_version, self._total
        what = "Done after" if done >= total else f"Stopped, {total - done:,} short of the end, at"
        return f"{what} {done:,} updates; saved in {self._run.path}."
