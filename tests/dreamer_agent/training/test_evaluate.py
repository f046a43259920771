"""Evaluation counts the episodes begun first, in any autoreset mode."""

from __future__ import annotations

import pytest
from counting_env import CountingEnv, RandomAgent
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.training.evaluate import evaluate
from gymnasium.vector import AutoresetMode, SyncVectorEnv


class Alternating(CountingEnv):
    """Every environment plays episodes of 9 and 3 steps in turn, each step worth 1."""

    episodes = 0

    def reset(self, **kwargs):
        obs, info = super().reset(**kwargs)
        self.episodes += 1
        self.length = 9 if self.episodes % 2 else 3
        return obs, info

    def step(self, action):
        obs, _, *rest = super().step(action)
        return obs, 1.0, *rest


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("num_envs", [1, 3])
def test_scores_lengths_and_summaries_of_exactly_n_episodes(mode, num_envs):
    rows = EpisodeRows(SyncVectorEnv([Alternating] * num_envs, autoreset_mode=mode))
    result = evaluate(RandomAgent(), rows, 4)
    assert result.scores == [float(length) for length in result.lengths]
    expected = [9, 3, 9, 3] if num_envs == 1 else [9, 9, 9, 3]
    assert result.lengths == expected
    assert result.summaries == {"goals": sum(expected) / 4}
    assert result.scalars()["eval/return"] == sum(expected) / 4


def test_progress_is_reported():
    rows = EpisodeRows(SyncVectorEnv([Alternating], autoreset_mode="Disabled"))
    calls = []
    evaluate(RandomAgent(), rows, 2, on_step=lambda *call: calls.append(call))
    assert calls[0] == (0, 1) and calls[-1] == (2, 12)
