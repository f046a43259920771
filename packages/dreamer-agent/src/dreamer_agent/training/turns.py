"""Turns of a run: an update, a step of the environments, or an update with steps beside it.

Collecting beside learning changes who acts, not what is repeatable: while version v + 1 of the
weights is learned, version v acts, from a copy. The batch is chosen before the first of these
steps, and rows and latents meet only after the last one, so that nothing depends on which of the
two is quicker. Between two turns nothing runs: there a run can be saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch

from dreamer_agent.envs.episode import Episode
from dreamer_agent.errors import EnvError
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.collect import Collector
from dreamer_agent.training.run_parts import RunParts
from dreamer_agent.training.schedule import ReplayRatio

__all__ = ["Turn", "Turns", "learning_threads"]


def learning_threads(config: TrainConfig) -> int:
    """Return torch's threads for updates: as configured, or what acting leaves of the default."""
    beside = config.acting_threads if config.collect == "beside" else 0
    return config.threads or max(1, torch.get_num_threads() - beside)


@dataclass(frozen=True)
class Turn:
    """What a turn came to.

    Attributes:
        metrics: Of the update, if there was one.
        episodes: Those that ended.
        error: What ended the steps beside the update, if anything did.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    error: EnvError | None = None


class Turns:
    """Takes turns at collecting and learning, by the replay ratio.

    Args:
        config: The run.
        parts: What collects and learns.
        stack: Ends the collecting thread.

    Attributes:
        ratio: How many updates are due.
    """

    def __init__(self, config: TrainConfig, parts: RunParts, stack: ExitStack) -> None:
        self._config, self._parts = config, parts
        self._collector, self._learner = parts.collector, parts.learner
        self.ratio = ReplayRatio(config.replay_ratio, config.steps_per_update, config.prefill_steps)
        self._beside = None
        if parts.acting is not parts.agent:
            self._beside = _Beside(parts.collector, config.acting_threads)
            stack.callback(self._beside.close)
        self._acting_version = -1

    def is_behind(self, updates: int = 0) -> bool:
        """Whether more than so many updates are due for the steps collected so far."""
        due = self.ratio.due(self._collector.env_steps)
        return self._learner.weights_version + updates < due and self._parts.replay.can_sample()

    @property
    def is_level(self) -> bool:
        """Whether a round is complete: updates due are done, or wait for the steps beside them."""
        return not self.is_behind(1 if self._beside and not self._is_collected() else 0)

    def take(self) -> Turn:
        """Take a turn.

        Raises:
            EnvError: The environment failed, and nothing else was done.
            NonFiniteError: The update failed; no weight has been changed.
        """
        self._refresh()
        if not self.is_behind():
            with _torch_threads(self._config.acting_threads):
                return Turn(episodes=self._collector.step())
        if self._beside is None:
            return Turn(self._learner.update())
        wanted = self._learner.weights_version + 2
        steps = self._beside.collect(
            lambda: self._is_collected() or self.ratio.due(self._collector.env_steps) >= wanted
        )
        metrics = self._learner.update(steps)
        return Turn(metrics, *self._beside.outcome())

    def _is_collected(self) -> bool:
        return self._collector.env_steps >= self._config.env_steps

    def _refresh(self) -> None:
        """Bring the weights that act up to date, where they are a copy."""
        if self._beside and self._acting_version != self._learner.weights_version:
            self._parts.acting.load_state_dict(self._parts.agent.state_dict())
            self._acting_version = self._learner.weights_version


class _Beside:
    """Collects in a thread of its own."""

    def __init__(self, collector: Collector, threads: int) -> None:
        self._collector, self._threads = collector, threads
        self._executor = ThreadPoolExecutor(1, "collect")
        self._ended: list[Episode] = []
        self._steps: Future[None]

    @contextmanager
    def collect(self, is_enough: Callable[[], bool]) -> Iterator[None]:
        """Step the environments until it is enough, while the body of the context runs."""
        self._steps = self._executor.submit(self._run, is_enough)
        try:
            yield
        finally:
            self._steps.exception()  # waits

    def outcome(self) -> tuple[list[Episode], EnvError | None]:
        """Return the episodes that ended, and the environment's error if it failed."""
        ended, self._ended = self._ended, []
        try:
            self._steps.result()
        except EnvError as error:
            return ended, error
        return ended, None

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown()

    def _run(self, is_enough: Callable[[], bool]) -> None:
        with _torch_threads(self._threads):  # the number is a thread's own
            while not is_enough():
                self._ended += self._collector.step()


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads: small operations lose more by sharing than they win."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
