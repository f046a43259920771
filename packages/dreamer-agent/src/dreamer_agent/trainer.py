"""train(config): one loop that collects, learns, logs, evaluates and saves.

All state is in counters and generators that a checkpoint holds, and each turn of the loop is one
unit of work (one step of the environments, or one update). A run stopped between any two turns,
or killed and taken back to its last checkpoint, goes on exactly as if it had not been stopped.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import gymnasium as gym
import torch

from dreamer_agent import checkpoint
from dreamer_agent.agent import Agent
from dreamer_agent.collect import Collector, Episode, EpisodeRows
from dreamer_agent.dream import newest_sequences, save_dream
from dreamer_agent.envs import episode_seed, make_vector_env
from dreamer_agent.errors import CheckpointError, ConfigError, ReplayError, RunDirectoryError
from dreamer_agent.evaluate import evaluate
from dreamer_agent.learn import Learner
from dreamer_agent.logging import Logger, Sink
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.terminal import Terminal
from dreamer_agent.metrics import Meter, Watch
from dreamer_agent.recording import Recording, write_recording
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import RunDirectory, default_run_dir
from dreamer_agent.schedule import Every
from dreamer_agent.train_config import TrainConfig, check_resumable, load_yaml, save_yaml

__all__ = ["Trainer", "latent_sizes", "resolve_device", "train"]

_DREAM_SEQUENCES, _DREAM_CONTEXT, _DREAM_HORIZON = 8, 5, 45
_MOST_EVALUATION_ENVS = 32
_EVALUATION = 1_000_003  # seeds of evaluation episodes are apart from those of training


def train(
    config: TrainConfig,
    *,
    resume: bool = False,
    on_record: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train an agent.

    Args:
        config: The run; ``config.run_dir`` says where (required with ``resume``).
        resume: Continue the run in ``config.run_dir`` from its newest checkpoint.
        on_record: Called with (environment steps, scalars) for every line of metrics.

    Returns:
        The run directory.

    Raises:
        DreamerError: Anything wrong with configuration, environment, directory or numbers.
    """
    run = RunDirectory(Path(config.run_dir) if config.run_dir else default_run_dir(config.env))
    if resume:
        run.require()
        check_resumable(load_yaml(run.config), config)
    else:
        run.create()
    config = dataclasses.replace(
        config, run_dir=str(run.path), threads=config.threads or torch.get_num_threads()
    )
    with ExitStack() as stack:
        run.lock()
        stack.callback(run.unlock)
        save_yaml(config, run.config)
        torch.set_num_threads(config.threads)
        trainer = Trainer(config, run, on_record)
        stack.callback(trainer.close)
        with trainer.interruptible():
            trainer.run()
    return run.path


def latent_sizes(config: TrainConfig) -> tuple[int, int, int]:
    """(D, S, C) of the agent's state."""
    rssm = config.agent.rssm
    return rssm.deter, rssm.stoch, rssm.classes


def resolve_device(name: str) -> str:
    """Turn ``auto`` into a device that is there.

    Raises:
        ConfigError: Torch cannot use this device here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device={name!r} cannot be used here ({str(error).splitlines()[0]}). "
            "Use --device auto or --device cpu."
        ) from None
    return name


class Trainer:
    """Everything a run holds, and its loop.

    Args:
        config: The run, with ``run_dir`` and ``threads`` resolved.
        run: Its directory, locked.
        on_record: Called for every line of metrics.
    """

    def __init__(
        self,
        config: TrainConfig,
        run: RunDirectory,
        on_record: Callable[[int, dict[str, float]], None] | None = None,
    ) -> None:
        self._config, self._run = config, run
        self._on_record = on_record
        self._stack = ExitStack()
        self._stop_reason = ""
        checkpoint.sweep(run.checkpoints)
        saved = self._newest_checkpoint()
        if saved and saved.training is None:
            raise RunDirectoryError(
                f"{run.path} was trained offline and cannot be resumed; start a new run."
            )
        if saved is None:
            shutil.rmtree(run.replay, ignore_errors=True)
        rows = EpisodeRows(
            make_vector_env(config.env, config.num_envs, config.env_kwargs, config.vectorization),
            config.seed,
            config.agent.action_mask,
        )
        self._stack.callback(rows.env.close)
        self._agent = Agent(
            rows.observation_space,
            rows.action_space,
            config.agent,
            modalities=rows.modalities,
            device=resolve_device(config.device),
            seed=config.seed,
        )
        self._metadata = dict(rows.env.metadata)
        write_recording(
            run.replay, Recording(rows.observation_space, rows.action_space, self._metadata)
        )
        self._replay = Replay.for_spaces(
            rows.observation_space,
            rows.action_space,
            num_streams=config.num_envs,
            batch_size=config.batch_size,
            sequence_length=config.sequence_length,
            config=config.replay,
            latent_sizes=latent_sizes(config),
            directory=run.replay,
            seed=config.seed,
        )
        self._stack.callback(self._replay.close)
        self._collector = Collector(rows, self._agent, self._replay)
        self._learner = Learner(self._agent, self._replay)
        self._meter = Meter()
        self._watch = Watch(config.agent.kl.free_nats, _max_entropy(rows.action_space))
        self._clocks = {
            "log": Every(config.log.every_steps),
            "eval": Every(config.eval_every_steps),
            "video": Every(config.video_every_steps),
        }
        self._display = Terminal(
            f"dreamer · {config.env} · {self._agent.num_parameters / 1e6:.1f}M parameters",
            str(run.path),
        )
        log_state: dict[str, Any] = {"position": 0, "wandb_id": None}
        if saved:
            log_state = self._restore(saved)
        self._jsonl = JsonlSink(run.metrics, log_state["position"])
        self._wandb_id: str | None = log_state["wandb_id"]
        self._logger = Logger(self._sinks())
        self._stack.callback(self._logger.close)
        self._started_at = self._saved_at = time.monotonic()
        self._first_steps = self._collector.env_steps
        self._speed_mark = (self._started_at, self._first_steps, self._learner.weights_version)

    def run(self) -> None:
        """Work until the configured end, an interruption, or an error; then save."""
        self._display.start()
        if self._collector.env_steps:
            self._display.say(f"Resumed at step {self._collector.env_steps:,}.", "cyan")
        while not self._stop_reason and not self._is_over():
            if self._is_behind():
                self._meter.add(self._learner.update())
            else:
                self._count(self._collector.step())
            self._update_status()
            if not self._is_behind():
                self._do_what_is_due()
        self._save()
        self._display.status.phase = "stopped" if self._stop_reason else "done"
        self._display.say(self._farewell(), "cyan")

    def close(self) -> None:
        """Close display, files and environments."""
        self._display.close()
        self._stack.close()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM end the loop after the present unit of work."""

        def on_signal(number: int, frame: FrameType | None) -> None:
            if self._stop_reason:
                raise KeyboardInterrupt
            self._stop_reason = "Stopped"
            self._display.say("Stopping: saving a checkpoint … (again: abort)", "cyan")

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, on_signal) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)

    def _is_over(self) -> bool:
        limit = self._config.stop_after_minutes
        if limit and time.monotonic() - self._started_at >= 60 * limit:
            self._stop_reason = f"Stopped after {limit:g} minutes"
            return True
        return self._collector.env_steps >= self._config.env_steps and not self._is_behind()

    def _is_behind(self) -> bool:
        """Whether an update is due for the steps collected so far."""
        config = self._config
        past = self._collector.env_steps - config.prefill_steps
        due = int(past * config.replay_ratio / config.steps_per_update) if past > 0 else 0
        return self._learner.weights_version < due and self._replay.can_sample()

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
        self._write(scalars | self._system())

    def _write(self, scalars: dict[str, float]) -> None:
        self._logger.write(self._collector.env_steps, scalars)
        if self._on_record:
            self._on_record(self._collector.env_steps, scalars)

    def _system(self) -> dict[str, float]:
        """Timings and sizes: the part of the metrics that differs from run to run."""
        stats = self._replay.stats()
        now, steps, updates = (
            time.monotonic(),
            self._collector.env_steps,
            self._learner.weights_version,
        )
        seconds = max(1e-9, now - self._speed_mark[0])
        scalars = {
            "system/env_steps_per_s": (steps - self._speed_mark[1]) / seconds,
            "system/updates_per_s": (updates - self._speed_mark[2]) / seconds,
            "system/replay_bytes_per_row": stats.bytes_per_row,
            "system/seconds": now - self._started_at,
        }
        self._speed_mark = (now, steps, updates)
        latents = f" + {stats.context_bytes_per_row:.0f} for latents"
        self._display.status.replay = (
            f"{stats.rows:,} rows, {stats.bytes_per_row:.0f} bytes each{latents}"
        )
        return scalars

    def _evaluate(self) -> None:
        config, status = self._config, self._display.status
        step = self._collector.env_steps
        status.phase = "evaluating"
        started, rng = time.monotonic(), self._agent.rng_state()
        env = make_vector_env(
            config.env,
            min(config.eval_episodes, _MOST_EVALUATION_ENVS),
            config.env_kwargs,
            config.vectorization,
        )
        try:
            seed = episode_seed(config.seed, _EVALUATION, step)
            rows = EpisodeRows(env, seed, config.agent.action_mask)
            result = evaluate(self._agent, rows, config.eval_episodes, config.eval_mode)
        finally:
            env.close()
            self._agent.set_rng_state(rng)
        seconds = {"system/eval_seconds": time.monotonic() - started}
        self._write(result.scalars() | seconds)
        mean, count = result.scalars()["eval/return"], config.eval_episodes
        status.evaluation = f"{mean:.1f} (mean of {count} episodes) at step {step:,}"

    def _dream(self) -> None:
        self._display.status.phase = "dreaming"
        path = self._run.videos / f"dream_{self._collector.env_steps:09d}.webp"
        try:
            batch = newest_sequences(self._replay, _DREAM_SEQUENCES, _DREAM_CONTEXT, _DREAM_HORIZON)
        except ReplayError:
            return  # too little was collected to show anything
        errors = save_dream(self._agent, batch, path, self._metadata, _DREAM_CONTEXT)
        scalars = {f"open_loop/{name}": value for name, value in errors.items()}
        self._logger.write(self._collector.env_steps, scalars, {"dream": path})

    def _update_status(self) -> None:
        status, config = self._display.status, self._config
        status.env_steps, status.total_steps = self._collector.env_steps, config.env_steps
        status.updates = self._learner.weights_version
        learning = status.updates > 0 or self._is_behind()
        status.phase = "learning" if learning else "collecting"
        elapsed = time.monotonic() - self._started_at
        new_steps = status.env_steps - self._first_steps
        left = (config.env_steps - status.env_steps) * elapsed / new_steps if new_steps else None
        status.fraction = status.env_steps / config.env_steps
        if config.stop_after_minutes:
            limit = 60 * config.stop_after_minutes
            status.fraction = max(status.fraction, elapsed / limit)
            left = min(math.inf if left is None else left, limit - elapsed)
        status.seconds_left = None if left is None else max(0.0, left)

    def _save(self) -> None:
        self._display.status.phase = "saving"
        step = self._collector.env_steps
        training = {
            "replay": self._replay.save(),
            "collector": self._collector.state(),
            "learner": self._learner.state(),
            "meter": self._meter.state(),
            "clocks": {name: clock.done for name, clock in self._clocks.items()},
            "log": {"position": self._jsonl.position, "wandb_id": self._wandb_id},
            "recent": [list(self._display.status.scores), list(self._display.status.lengths)],
        }
        whole = checkpoint.Checkpoint(
            step,
            self._agent.spec,
            self._agent.state_dict(),
            self._agent.optimizer_state(),
            training,
        )
        checkpoint.save(self._run.checkpoints, whole, self._config.keep_checkpoints)
        oldest = checkpoint.list_checkpoints(self._run.checkpoints)[0]
        self._replay.release(checkpoint.load(oldest, ("training",)).training["replay"])
        self._saved_at = time.monotonic()
        self._display.status.saved_at, self._display.status.saved_step = self._saved_at, step

    def _newest_checkpoint(self) -> checkpoint.Checkpoint | None:
        """Newest checkpoint that can be read; a damaged one is named and passed over."""
        problems = []
        for path in reversed(checkpoint.list_checkpoints(self._run.checkpoints)):
            try:
                return checkpoint.load(path)
            except CheckpointError as error:
                problems.append(str(error))
                warnings.warn(f"{error} Trying the checkpoint before it.", stacklevel=2)
        if problems:
            raise CheckpointError("No checkpoint of this run can be read:\n" + "\n".join(problems))
        return None

    def _restore(self, saved: checkpoint.Checkpoint) -> dict[str, Any]:
        checkpoint.compare_specs(saved.spec, self._agent.spec, str(self._run.path))
        self._agent.load_state_dict(saved.model)
        self._agent.load_optimizer_state(saved.optimizer)
        training = saved.training
        self._replay.restore(training["replay"])
        self._learner.restore(training["learner"])
        if not self._collector.restore(training["collector"]):
            warnings.warn(
                "This environment cannot be brought back to the middle of an episode (no save() "
                "and load()); new episodes begin, so this run is not repeated exactly.",
                stacklevel=2,
            )
        self._meter.restore(training["meter"])
        for name, done in training["clocks"].items():
            self._clocks[name].done = done
        scores, lengths = training["recent"]
        self._display.status.scores.extend(scores)
        self._display.status.lengths.extend(lengths)
        log: dict[str, Any] = training["log"]
        return log

    def _sinks(self) -> list[Sink]:
        config = self._config.log
        sinks: list[Sink] = [self._jsonl, self._display]
        if config.tensorboard:
            from dreamer_agent.logging.tensorboard import TensorBoardSink

            sinks.append(TensorBoardSink(self._run.tensorboard))
        if config.wandb != "off":
            from dreamer_agent.logging.wandb import WandbSink

            sink = WandbSink(
                config.wandb,
                self._run.path,
                config.wandb_project,
                config.wandb_name or self._run.path.name,
                dataclasses.asdict(self._config),
                self._wandb_id,
            )
            self._wandb_id = sink.run_id
            sinks.append(sink)
        return sinks

    def _farewell(self) -> str:
        done = self._stop_reason or "Done"
        step, path = self._collector.env_steps, self._run.path
        unfinished = step < self._config.env_steps
        hint = f" Continue with: dreamer train --resume {path}" if unfinished else ""
        return f"{done} at step {step:,}; saved in {path}.{hint}"


def _max_entropy(space: gym.Space[Any]) -> float | None:
    """Entropy of the uniform policy in nats; None if actions are continuous."""
    if isinstance(space, gym.spaces.Discrete):
        return math.log(int(space.n))
    if isinstance(space, gym.spaces.MultiDiscrete):
        return float(sum(math.log(int(n)) for n in space.nvec.ravel()))
    return None
