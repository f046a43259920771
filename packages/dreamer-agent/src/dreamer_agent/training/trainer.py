"""train(config): one loop that collects, learns, logs, evaluates and saves.

All state is in counters and generators that a checkpoint holds, and each turn of the loop is one
unit of work (one step of the environments, or one update). A run stopped between any two turns,
or killed and taken back to its last checkpoint, goes on exactly as if it had not been stopped.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from dreamer_agent.dream.film import film
from dreamer_agent.envs.episode import Episode
from dreamer_agent.envs.resumable import episode_seed
from dreamer_agent.errors import EnvError
from dreamer_agent.logging import Logger
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.open import open_sinks
from dreamer_agent.logging.record import CallbackSink, OnRecord
from dreamer_agent.logging.terminal import Terminal
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.directory import RunDirectory, default_run_dir
from dreamer_agent.run_dir.run_config import load_run_config, save_run_config
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.config_changes import check_resumable
from dreamer_agent.training.evaluate import evaluate_fresh
from dreamer_agent.training.failure import save_after_failure
from dreamer_agent.training.interrupt import Interrupt
from dreamer_agent.training.introduction import introduce
from dreamer_agent.training.keeping import Keeper
from dreamer_agent.training.metrics import Meter, Watch, max_entropy
from dreamer_agent.training.progress import Progress
from dreamer_agent.training.run_parts import build_parts
from dreamer_agent.training.schedule import Every
from dreamer_agent.training.turns import Turns, learning_threads

__all__ = ["Trainer", "train"]

_EVALUATION = 1_000_003  # seeds of evaluation episodes are apart from those of training


def train(config: TrainConfig, *, resume: bool = False, on_record: OnRecord | None = None) -> Path:
    """Train an agent.

    Args:
        config: The run; ``config.run_dir`` says where (required with ``resume``).
        resume: Continue the run in ``config.run_dir`` from its newest checkpoint.
        on_record: Called with (environment steps, scalars) for every line of metrics; an error in
            it is named once, and it is called no more.

    Returns:
        The run directory.

    Raises:
        DreamerError: Anything wrong with configuration, environment, directory or numbers.
    """
    run = RunDirectory(Path(config.run_dir) if config.run_dir else default_run_dir(config.env))
    if resume:
        run.require()
        check_resumable(load_run_config(run.config), config)
    else:
        run.create()
    config = dataclasses.replace(config, run_dir=str(run.path), threads=learning_threads(config))
    with ExitStack() as stack:
        run.lock()
        stack.callback(run.unlock)
        keeper = Keeper(run, config.keep_checkpoints)
        saved = keeper.resume() if resume else None
        save_run_config(config, run.config)
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(config.threads)
        trainer = Trainer(config, run, keeper, saved, on_record)
        stack.callback(trainer.close)
        trainer.run()
    return run.path


class Trainer:
    """Everything a run holds, and its loop.

    Args:
        config: The run, with ``run_dir`` and ``threads`` resolved.
        run: Its directory, locked.
        keeper: Writes its checkpoints.
        saved: The checkpoint to go on from; None begins anew.
        on_record: Called for every line of metrics.
    """

    def __init__(
        self,
        config: TrainConfig,
        run: RunDirectory,
        keeper: Keeper,
        saved: checkpoint.Checkpoint | None,
        on_record: OnRecord | None = None,
    ) -> None:
        self._config, self._run, self._keeper = config, run, keeper
        self._stop_reason = ""
        self._interrupt = Interrupt(self._announce_stop)
        if saved is None:
            shutil.rmtree(run.replay, ignore_errors=True)  # of a start that failed; without rows
        with ExitStack() as stack:
            self._parts = build_parts(config, run, stack, saved)
            self._agent, self._replay = self._parts.agent, self._parts.replay
            self._collector, self._learner = self._parts.collector, self._parts.learner
            self._turns = Turns(config, self._parts, stack)
            self._prepare_to_work()
            log_state = self._restore(saved) if saved else {"position": 0, "wandb_id": None}
            self._open_logs(log_state, on_record, stack)
            self._stack = stack.pop_all()
        self._saved_at = time.monotonic()
        self._progress = Progress(
            config,
            self._display.status,
            self._collector.env_steps,
            self._learner.weights_version,
        )

    def _prepare_to_work(self) -> None:
        config = self._config
        self._meter = Meter()
        entropy = max_entropy(self._parts.rows.action_space)
        self._watch = Watch(config.agent.kl.free_nats, entropy)
        self._clocks = {
            "log": Every(config.log.every_steps),
            "eval": Every(config.eval_every_steps),
            "video": Every(config.video_every_steps),
        }
        self._display = Terminal(
            f"dreamer · {config.env} · {self._agent.num_parameters / 1e6:.1f}M parameters",
            str(self._run.path),
        )

    def _open_logs(
        self, state: dict[str, Any], on_record: OnRecord | None, stack: ExitStack
    ) -> None:
        config, run = self._config, self._run
        self._jsonl = JsonlSink(run.metrics, state["position"], state.get("sha256"))
        self._logger = Logger(self._jsonl)
        stack.callback(self._logger.close)
        self._logger.add("The display", lambda: self._display)
        settings, step = dataclasses.asdict(config), self._collector.env_steps
        self._wandb_id = open_sinks(
            self._logger, config.log, run.path, settings, state["wandb_id"], step or None
        )
        if on_record:
            self._logger.add("on_record", lambda: CallbackSink(on_record))

    def run(self) -> None:
        """Work until the configured end, an interruption, or an environment's error; then save."""
        self._display.start()
        introduce(self._display, self._agent, self._parts.rows.modalities)
        if self._collector.env_steps:
            self._display.say(f"Resumed at step {self._collector.env_steps:,}.", "cyan")
        with self._interrupt:
            try:
                while not self._is_over():
                    self._work()
            except EnvError as error:
                step = self._collector.env_steps
                raise save_after_failure(error, self._save, self._run, step) from error
            self._save()
        self._display.status.phase = "stopped" if self._stop_reason else "done"
        self._display.say(self._farewell(), "cyan")

    def _work(self) -> None:
        """Do one unit of work, and what is due after it."""
        turn = self._turns.take()
        self._meter.add(turn.metrics)
        self._count(turn.episodes)
        if turn.error:
            raise turn.error
        self._note_progress()
        if self._turns.is_level:
            self._do_what_is_due()

    def close(self) -> None:
        """Close display, files and environments."""
        self._display.close()
        self._stack.close()

    def _is_over(self) -> bool:
        if self._progress.is_out_of_time:
            self._stop_reason = f"Stopped after {self._config.stop_after_minutes:g} minutes"
        elif self._interrupt.requested:
            self._stop_reason = "Stopped"
        if self._stop_reason:
            return True
        return self._collector.env_steps >= self._config.env_steps and not self._turns.is_behind()

    def _count(self, ended: list[Episode]) -> None:
        for episode in ended:
            numbers = {"episode/return": episode.score, "episode/length": float(episode.length)}
            numbers |= {f"episode/{name}": value for name, value in episode.summary.items()}
            self._meter.add(numbers)
            self._display.status.scores.append(episode.score)
            self._display.status.lengths.append(episode.length)

    def _do_what_is_due(self) -> None:
        step = self._collector.env_steps
        if self._clocks["log"].due(step):
            self._log()
        if self._clocks["eval"].due(step):
            self._evaluate()
        if self._clocks["video"].due(step):
            self._dream()
        if time.monotonic() - self._saved_at >= self._config.save_every_s:
            self._save()

    def _log(self) -> None:
        scalars = {"updates": float(self._learner.weights_version), **self._meter.take()}
        for warning in self._watch.check(scalars, self._learner.weights_version):
            self._display.warn(warning)
        done = (self._collector.env_steps, self._learner.weights_version)
        system = self._progress.system(*done, self._replay.stats())
        self._logger.write(self._collector.env_steps, scalars | system)

    def _evaluate(self) -> None:
        config, status = self._config, self._display.status
        step = self._collector.env_steps
        status.phase = "evaluating"
        started, rng = time.monotonic(), self._agent.rng_state()
        try:
            result = evaluate_fresh(
                self._agent, config, episode_seed(config.seed, _EVALUATION, step)
            )
        finally:
            self._agent.set_rng_state(rng)
        seconds = {"system/eval_seconds": time.monotonic() - started}
        self._logger.write(step, result.scalars() | seconds)
        mean, count = result.scalars()["eval/return"], config.eval_episodes
        status.evaluation = f"{mean:.1f} (mean of {count} episodes) at step {step:,}"

    def _dream(self) -> None:
        self._display.status.phase = "dreaming"
        metadata, step = self._parts.rows.env.metadata, self._collector.env_steps
        film(self._agent, self._replay, metadata, self._run.videos, self._logger, step)

    def _note_progress(self) -> None:
        updates = self._learner.weights_version
        phase = "learning" if updates or self._turns.is_behind() else "collecting"
        self._progress.update(self._collector.env_steps, updates, phase)

    def _save(self) -> None:
        self._display.status.phase = "saving"
        step = self._collector.env_steps
        others = {
            "meter": self._meter.state(),
            "ratio": self._turns.ratio.state(),
            "clocks": {name: clock.done for name, clock in self._clocks.items()},
            "log": {
                "position": self._jsonl.position,
                "sha256": self._jsonl.sha256,
                "wandb_id": self._wandb_id,
            },
            "recent": [list(self._display.status.scores), list(self._display.status.lengths)],
        }
        self._keeper.save(self._parts.snapshot(others), self._replay)
        self._saved_at = time.monotonic()
        self._display.status.saved_at, self._display.status.saved_step = self._saved_at, step

    def _restore(self, saved: checkpoint.Checkpoint) -> dict[str, Any]:
        self._parts.restore(saved)
        training = saved.training
        assert training is not None
        self._meter.restore(training["meter"])
        ratio = training.get("ratio") or self._turns.ratio.state()  # the first checkpoints had none
        self._turns.ratio.restore(ratio, self._collector.env_steps)
        for name, done in training["clocks"].items():
            self._clocks[name].done = done
        scores, lengths = training["recent"]
        self._display.status.scores.extend(scores)
        self._display.status.lengths.extend(lengths)
        log: dict[str, Any] = training["log"]
        return log

    def _announce_stop(self) -> None:
        self._display.say("Stopping: saving a checkpoint … (again: abort)", "cyan")

    def _farewell(self) -> str:
        done = self._stop_reason or "Done"
        step, path = self._collector.env_steps, self._run.path
        unfinished = step < self._config.env_steps
        hint = f" Continue with: dreamer train --resume {path}" if unfinished else ""
        return f"{done} at step {step:,}; saved in {path}.{hint}"
