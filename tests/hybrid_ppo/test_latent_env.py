"""The filter inside the environment gives what the world model gives on the recorded sequence."""

from typing import Any

import numpy as np
import pytest
from dreamer_agent import Agent
from hybrid_ppo import ConfigError, LatentBox, ObservationKeyError, WorldModelVecEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import DummyVecEnv
from step_counter import CountingEnv


def actions_of(steps: int, seed: int = 0) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, 3, (steps, 2))


def filter_alone(agent: Agent, rows: list[tuple[Any, int, bool]]) -> list[NDArray[np.float32]]:
    """Filter one environment's rows (obs, action that led there, is_first) one by one."""
    state, features = agent.initial_state(1), []
    for obs, action, is_first in rows:
        batch = {key: np.asarray(value)[None] for key, value in obs.items()}
        state = agent.filter(batch, state, np.array([action]), np.array([is_first]), mode="mode")
        features.append(agent.features(state)[0].numpy())
    return features


def row(count: int, length: int, last: int) -> dict[str, Any]:
    return {"count": np.array([count, length], np.float32), "last": np.int64(last)}


def test_features_are_those_of_each_environment_filtered_alone(
    venv: DummyVecEnv, agent: Agent
) -> None:
    env = WorldModelVecEnv(venv, agent)
    seen = [env.reset()]
    actions = actions_of(7)
    for action in actions:
        obs, _, _, _ = env.step(action)
        seen.append(obs)

    for index, length in enumerate((3, 5)):
        rows: list[tuple[Any, int, bool]] = [(row(0, length, 0), 0, True)]
        kept = [0]  # which of the rows the environment showed as its observation
        count = 0
        for step in range(7):
            action, count = int(actions[step, index]), count + 1
            rows.append((row(count, length, action), action, False))
            if count == length:
                rows.append((row(0, length, 0), 0, True))
                count = 0
            kept.append(len(rows) - 1)
        expected = filter_alone(agent, rows)
        for step, which in enumerate(kept):
            np.testing.assert_allclose(seen[step][index], expected[which], atol=1e-6)


def test_the_terminal_observation_is_filtered_with_the_state_before_the_reset(
    venv: DummyVecEnv, agent: Agent
) -> None:
    env = WorldModelVecEnv(venv, agent)
    env.reset()
    for _ in range(3):
        _, _, dones, infos = env.step(np.array([1, 2]))
    assert dones.tolist() == [True, False]
    rows = [(row(0, 3, 0), 0, True)] + [(row(n, 3, 1), 1, False) for n in (1, 2, 3)]
    expected = filter_alone(agent, rows)[-1]
    np.testing.assert_allclose(infos[0]["terminal_observation"], expected, atol=1e-6)
    assert infos[0]["TimeLimit.truncated"]


def test_raw_keys_can_stay_beside_the_features(venv: DummyVecEnv, agent: Agent) -> None:
    env = WorldModelVecEnv(venv, agent, include_raw=["last"])
    env.reset()
    obs, _, _, _ = env.step(np.array([2, 1]))
    assert isinstance(obs, dict)
    assert obs["last"].tolist() == [2, 1]
    assert obs["features"].shape == (2, agent.feature_size)
    assert isinstance(env.observation_space["features"], LatentBox)


def test_an_unknown_raw_key_is_named(venv: DummyVecEnv, agent: Agent) -> None:
    with pytest.raises(ObservationKeyError, match=r"'screen'.*'count', 'last'"):
        WorldModelVecEnv(venv, agent, include_raw=["screen"])


@pytest.mark.parametrize("history_steps", [0, 1, 16, 300])
def test_refiltering_with_an_unchanged_model_changes_nothing(
    venv: DummyVecEnv, agent: Agent, history_steps: int
) -> None:
    """Over 200 steps, in which the environments end some 65 and 40 times, at different steps."""
    env = WorldModelVecEnv(venv, agent, history_steps=history_steps)
    obs = env.reset()
    for number, action in enumerate(actions_of(200)):
        obs, _, _, _ = env.step(action)
        if number % 10 == 9:
            np.testing.assert_array_equal(env.refilter(), obs)


def test_refiltering_remembers_what_came_before_the_steps_it_kept(agent: Agent) -> None:
    """Two long episodes that began differently still differ after each was filtered again."""
    venv = DummyVecEnv([lambda: CountingEnv(1000), lambda: CountingEnv(1000)])
    env = WorldModelVecEnv(venv, agent, history_steps=4)
    env.reset()
    env.step(np.array([1, 2]))
    for _ in range(6):
        obs, _, _, _ = env.step(np.array([0, 0]))
    before = np.abs(obs[0] - obs[1]).max()
    assert before > 0
    after = env.refilter()
    assert np.abs(after[0] - after[1]).max() == before


def test_a_negative_history_is_refused(venv: DummyVecEnv, agent: Agent) -> None:
    with pytest.raises(ConfigError, match="history_steps is -1"):
        WorldModelVecEnv(venv, agent, history_steps=-1)


def test_refiltering_follows_a_changed_model(venv: DummyVecEnv, agent: Agent) -> None:
    env = WorldModelVecEnv(venv, agent, history_steps=64)
    other = Agent(venv.observation_space, venv.action_space, agent.config, seed=1)
    fresh = WorldModelVecEnv(venv, other)
    env.reset()
    for action in actions_of(4):
        obs, _, _, _ = env.step(action)
    agent.load_state_dict(other.state_dict())
    changed = env.refilter()
    assert not np.allclose(changed, obs)
    fresh.reset()
    for action in actions_of(4):
        expected, _, _, _ = fresh.step(action)
    np.testing.assert_allclose(changed, expected, atol=1e-6)
