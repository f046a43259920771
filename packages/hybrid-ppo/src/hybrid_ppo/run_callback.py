"""What a run does between SB3's rollouts: count, save, and stop when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable

from dreamer_agent import Interrupt
from stable_baselines3.common.callbacks import BaseCallback

from hybrid_ppo.cotrain import WorldModelCallback
from hybrid_ppo.run_log import RunLog


class Stopped(Exception):
    """The run was asked to end, and is saved."""


class RunCallback(BaseCallback):
    """Saves where a rollout begins: there the algorithm holds nothing that is half done.

    A run is saved before its first step, so that one that is killed can always go on.

    Args:
        log: Told of episodes and progress.
        learner: Whose updates are counted; None if the world model is frozen.
        save: Writes a checkpoint.
        film: Writes a video, if it is time for one.
        save_every_s: Seconds between two.
        interrupt: Whether the user asked to stop.
        is_new: Save before the first rollout too.
    """

    def __init__(
        self,
        log: RunLog,
        learner: WorldModelCallback | None,
        save: Callable[[], None],
        film: Callable[[], None],
        save_every_s: float,
        interrupt: Interrupt,
        is_new: bool,
    ) -> None:
        super().__init__()
        self._log, self._learner = log, learner
        self._save, self._film, self._save_every_s = save, film, save_every_s
        self._interrupt = interrupt
        self._saved_at = float("-inf") if is_new else time.monotonic()

    def _on_rollout_start(self) -> None:
        self._film()
        is_over = self._interrupt.requested or self._log.progress.is_out_of_time
        if is_over or time.monotonic() - self._saved_at >= self._save_every_s:
            self._log.display.status.phase = "saving"
            self._save()
            self._saved_at = time.monotonic()
        if is_over:
            raise Stopped

    def _on_step(self) -> bool:
        self._log.count_episodes(self.locals["infos"])
        self._log.progress.update(self.num_timesteps, self._log.updates, "collecting")
        return True

    def _on_rollout_end(self) -> None:
        if self._learner:
            self._log.updates = self._learner.updates
        self._log.progress.update(self.num_timesteps, self._log.updates, "learning")
