from __future__ import annotations

import pickle
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from pokered_env import GameState, PokeRedEnv, PokeRedVectorEnv
from pokered_env.errors import ConfigError
from pokered_env.recording.episode import EpisodeRecorder, replay
from pokered_env.task.progress import EpisodeProgress
from pokered_env.task.rewards import REWARD_TERMS

RIGHT, A = 2, 4


def every_step(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    return 1.0


def walked(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    return abs(current.x - previous.x) + abs(current.y - previous.y)


def nothing(previous: GameState, current: GameState, progress: EpisodeProgress) -> Any:
    return None


def endless(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    return float("inf")


TERMS = {"slow": (every_step, -0.01), "walked": (walked, 2)}


def test_own_terms_are_paid_beside_the_built_in_ones_and_named_in_info_and_summary() -> None:
    with PokeRedEnv(reward_terms=TERMS, max_steps=4) as env, PokeRedEnv(max_steps=4) as plain:
        _, info = env.reset(seed=0)
        plain.reset(seed=0)
        assert list(info["reward_terms"]) == [*REWARD_TERMS, "slow", "walked"]
        for _ in range(4):
            _, reward, *_, info = env.step(RIGHT)
            _, built_in, *_ = plain.step(RIGHT)
            own = info["reward_terms"]["slow"] + info["reward_terms"]["walked"]
            assert reward == pytest.approx(built_in + own)
            assert env.built_in_reward == built_in
        summary = info["episode_summary"]
    assert summary["reward_terms"]["slow"] == pytest.approx(-0.04)
    assert summary["reward_terms"]["walked"] > 0


def test_own_terms_are_asked_where_nothing_has_changed() -> None:
    with PokeRedEnv(reward_terms=TERMS, action_set="full") as env:
        env.reset(seed=0)
        env.step(7)
        before = env.game_state
        _, reward, *_ = env.step(7)
        assert env.game_state is before
        assert reward == -0.01


@pytest.mark.parametrize("copy", [deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_has_the_terms_and_the_arguments(copy: Any) -> None:
    with PokeRedEnv(reward_terms=TERMS) as env:
        env.reset(seed=0)
        with copy(env) as other:
            assert other.arguments["reward_terms"] == TERMS
            assert other.step(RIGHT)[1] == env.step(RIGHT)[1]


def test_a_function_without_a_name_is_refused_when_it_is_pickled_and_only_then() -> None:
    with PokeRedEnv(reward_terms={"odd": (lambda *_: 1.0, 1.0)}) as env:
        env.reset(seed=0)
        with deepcopy(env) as other:
            assert other.step(A)[1] == env.step(A)[1] == 1.0
        with pytest.raises(ConfigError, match=r"'odd' cannot be pickled.*top of a module"):
            pickle.dumps(env)


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        ({"explore": (walked, 1.0)}, "'explore' is built in"),
        ({"mine": walked}, "mapping of names"),
        ({"mine": (walked, "1")}, "mapping of names"),
        ({"mine": (walked, float("nan"))}, "mapping of names"),
        ({"mine": (3, 1.0)}, "mapping of names"),
        ({3: (walked, 1.0)}, "mapping of names"),
        ([walked], "mapping of names"),
    ],
)
def test_what_is_no_term_is_refused(terms: Any, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        PokeRedEnv(reward_terms=terms)


@pytest.mark.parametrize("function", [nothing, endless])
def test_a_term_that_returns_no_finite_number_is_named(function: Any) -> None:
    with PokeRedEnv(reward_terms={"mine": (function, 1.0)}) as env:
        env.reset(seed=0)
        with pytest.raises(ConfigError, match=r"'mine'.*in step 1"):
            env.step(0)


def test_numbers_only_have_own_terms_last() -> None:
    with PokeRedEnv(reward_terms=TERMS, numeric_info=True) as env:
        env.reset(seed=0)
        terms: Any = env.step(RIGHT)[4]["reward_terms"]
        assert terms.shape == (len(REWARD_TERMS) + 2,)
        assert terms[-2:].tolist() == [-0.01, 2.0]


def test_many_environments_pay_what_one_does() -> None:
    env = PokeRedVectorEnv(2, reward_terms=TERMS)
    env.reset(seed=0)
    _, rewards, _, _, infos = env.step(np.array([RIGHT, A]))
    assert infos["reward_terms"]["slow"].tolist() == [-0.01, -0.01]
    assert rewards[0] - rewards[1] > 1
    env.close()


def test_an_episode_is_replayed_without_the_functions_it_was_played_with() -> None:
    with PokeRedEnv(reward_terms=TERMS) as env:
        recorder = EpisodeRecorder(env, seed=0)
        for action in (RIGHT, RIGHT, A, 0):
            recorder.step(action)
        episode = recorder.episode()
    assert replay(episode) == pytest.approx(episode.total_reward)
    assert replay(episode, reward_terms=TERMS) == pytest.approx(episode.total_reward)
