"""Evaluation episodes in environments of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.collect import Actor

__all__ = ["Evaluation", "evaluate", "evaluate_fresh"]

_MOST_ENVS = 32


@dataclass(frozen=True)
class Evaluation:
    """Outcome of some episodes.

    Attributes:
        scores: Return of each episode.
        lengths: Steps of each episode.
        summaries: Means of the numbers the environment gave at the ends.
    """

    scores: list[float]
    lengths: list[int]
    summaries: dict[str, float]

    def scalars(self, prefix: str = "eval/") -> dict[str, float]:
        """Return the figures to log."""
        return {
            f"{prefix}return": float(np.mean(self.scores)),
            f"{prefix}return_min": float(np.min(self.scores)),
            f"{prefix}return_max": float(np.max(self.scores)),
            f"{prefix}length": float(np.mean(self.lengths)),
            f"{prefix}env_steps": float(np.sum(self.lengths)),
            **{f"{prefix}{name}": value for name, value in self.summaries.items()},
        }


def evaluate(
    agent: Actor,
    rows: EpisodeRows,
    num_episodes: int,
    mode: str = "greedy",
    on_step: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Play episodes to their end.

    The first episodes begun count, not the first to end, so that short ones are not favoured.

    Args:
        agent: Who plays.
        rows: Freshly made environments.
        num_episodes: How many episodes count.
        mode: ``greedy`` or ``sample``.
        on_step: Called with (episodes ended, steps done) after every step.
    """
    num_envs = rows.num_envs
    begun = list(range(num_envs))  # which episode each environment plays
    next_episode = num_envs
    results: dict[int, tuple[float, int, dict[str, float]]] = {}
    score, length = np.zeros(num_envs), np.zeros(num_envs, np.int64)
    state = agent.initial_state(num_envs)
    steps = 0
    while len(results) < num_episodes:
        actions, state = agent.act(rows.obs, state, rows.is_first, mode=mode)
        new_rows, ended = rows.step(actions)
        _add_up(new_rows, score, length)
        steps += num_envs
        for episode in ended:
            index = episode.env_index
            if begun[index] < num_episodes:
                results[begun[index]] = (score[index], int(length[index]), episode.summary)
            score[index] = length[index] = 0
            begun[index], next_episode = next_episode, next_episode + 1
        if on_step:
            on_step(len(results), steps)
    ordered = [results[index] for index in sorted(results)]
    return Evaluation(
        [float(score) for score, _, _ in ordered],
        [length for _, length, _ in ordered],
        _mean([summary for _, _, summary in ordered]),
    )


def evaluate_fresh(agent: Actor, config: TrainConfig, seed: int) -> Evaluation:
    """Play ``config.eval_episodes`` episodes side by side in new environments, then close them."""
    num_envs = min(config.eval_episodes, _MOST_ENVS)
    env = make_vector_env(
        config.env, num_envs, config.env_kwargs, config.vectorization, config.wrappers
    )
    try:
        rows = EpisodeRows(env, seed, config.agent.action_mask, config.agent.dropped_keys)
        return evaluate(agent, rows, config.eval_episodes, config.eval_mode)
    finally:
        env.close()


def _add_up(rows: list[tuple[int, dict[str, Any]]], score: NDArray[Any], length: Any) -> None:
    for index, row in rows:
        if not row["is_first"]:
            score[index] += row["reward"]
            length[index] += 1


def _mean(summaries: list[dict[str, float]]) -> dict[str, float]:
    names = {name for summary in summaries for name in summary}
    return {
        name: float(np.mean([summary[name] for summary in summaries if name in summary]))
        for name in sorted(names)
    }
