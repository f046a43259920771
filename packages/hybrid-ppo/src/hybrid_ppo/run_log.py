"""Where a run's numbers go: what SB3 reports, to the files and displays of dreamer-agent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from dreamer_agent import JsonlSink, Logger, Meter, Progress, RunDirectory, Terminal, open_sinks
from stable_baselines3.common.logger import KVWriter
from stable_baselines3.common.logger import Logger as SB3Logger

from hybrid_ppo.config import HybridConfig

_NAMES = {
    "train/policy_gradient_loss": "loss/policy",
    "train/value_loss": "loss/value",
}
_NEGATIVE_ENTROPY = "train/entropy_loss"
_PREFIXES = {"train/": "ppo/", "world_model/": ""}
_OURS = ("rollout/", "time/")
"""Counted by ourselves: means since the last line, not over the last hundred episodes."""


class RunLog(KVWriter):
    """Takes what SB3's logger dumps, adds episodes and speed, and hands it on.

    Args:
        config: The run.
        run: Its directory.
        title: Shown above the numbers.
        saved: State of the log at the checkpoint the run goes on from; None begins anew.
        stack: Takes what closes it.
    """

    def __init__(
        self,
        config: HybridConfig,
        run: RunDirectory,
        title: str,
        saved: Mapping[str, Any] | None,
        stack: ExitStack,
    ) -> None:
        state = saved or {"position": 0, "sha256": None, "wandb_id": None, "meter": None}
        step: int = saved["step"] if saved else 0
        self.updates: int = saved["updates"] if saved else 0
        self.display = Terminal(title, str(run.path))
        self._meter = Meter()
        if state["meter"]:
            self._meter.restore(state["meter"])
        self._jsonl = JsonlSink(run.metrics, state["position"], state["sha256"])
        self.logger = Logger(self._jsonl)
        stack.callback(self.logger.close)
        self.logger.add("The display", lambda: self.display)
        self._wandb_id = open_sinks(
            self.logger,
            config.log,
            run.path,
            dataclasses.asdict(config),
            state["wandb_id"],
            step or None,
        )
        self.progress = Progress(config, self.display.status, step, self.updates)

    def sb3_logger(self) -> SB3Logger:
        """Return a logger for SB3 that writes here alone."""
        return SB3Logger(None, [self])

    def count_episodes(self, infos: Sequence[Mapping[str, Any]]) -> None:
        """Take in the episodes that ended in a step."""
        for info in infos:
            if "episode" not in info:
                continue
            score, length = info["episode"]["r"], info["episode"]["l"]
            numbers = {"episode/return": float(score), "episode/length": float(length)}
            summary = info.get("episode_numbers", {})
            self._meter.add(numbers | {f"episode/{name}": v for name, v in summary.items()})
            self.display.status.scores.append(float(score))
            self.display.status.lengths.append(int(length))

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Write one line: called by SB3's logger."""
        scalars = {
            _name(name): float(value)
            for name, value in key_values.items()
            if not name.startswith(_OURS) and name != _NEGATIVE_ENTROPY
        }
        if _NEGATIVE_ENTROPY in key_values:
            scalars["behaviour/entropy"] = -float(key_values[_NEGATIVE_ENTROPY])
        scalars |= {"updates": float(self.updates), **self._meter.take()}
        scalars |= self.progress.system(step, self.updates, None)
        self.logger.write(step, scalars)

    def close(self) -> None:
        """The run's stack closes the files."""

    def state(self, step: int) -> dict[str, Any]:
        """Return what a resumed run needs to write on behind this point."""
        return {
            "step": step,
            "updates": self.updates,
            "position": self._jsonl.position,
            "sha256": self._jsonl.sha256,
            "wandb_id": self._wandb_id,
            "meter": self._meter.state(),
        }


def _name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    for prefix, ours in _PREFIXES.items():
        if name.startswith(prefix):
            return ours + name.removeprefix(prefix)
    return name
