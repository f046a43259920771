"""How far learning moves the features is measured, and a rollout can follow it."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dreamer_agent import Agent, Batch, Replay, RunDirectory
from dreamer_agent import train as train_dreamer
from hybrid_ppo import (
    ConfigError,
    DreamerPPOPolicy,
    RowRecorder,
    WorldModelCallback,
    WorldModelVecEnv,
    evaluate,
    load_run,
    train,
)
from hybrid_ppo.drift import DriftProbe
from hybrid_ppo.slow_copy import follow
from numpy.typing import NDArray
from runs import assert_same, dreamer_config, hybrid_config, make_replay, metrics
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv
from step_counter import CountingEnv

ROLLOUT = 16


def observed(agent: Agent, replay: Replay, stream: int) -> NDArray[np.float32]:
    """Features of all rows of an environment, by the world model's own pass over the sequence."""
    rows = replay.read(stream, *replay.spans()[stream][0])
    one = {name: values[None] for name, values in rows.items()}
    obs = {k.removeprefix("obs/"): one.pop(k) for k in list(one) if k.startswith("obs/")}
    batch = Batch(obs=obs, ids=np.full(one["reward"].shape, -1, np.int64), **one)
    agent.world_model.eval()
    with torch.no_grad():
        posterior, _ = agent.world_model.observe(batch, mode="mode")
    return posterior.feature[0].numpy()


def shown_rows(rows: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Numbers of the rows an environment shows as its observation: all but the last of episodes."""
    return np.flatnonzero(~rows["is_last"])


class Capture(BaseCallback):
    """Keeps what PPO is about to learn from."""

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self.observations = self.model.rollout_buffer.observations.copy()


def co_train(venv: DummyVecEnv, agent: Agent, **arguments: Any) -> tuple[Replay, Capture]:
    replay, capture = make_replay(venv), Capture()
    env = WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay), history_steps=ROLLOUT + 1)
    model = PPO(DreamerPPOPolicy, env, n_steps=ROLLOUT, batch_size=ROLLOUT, n_epochs=1, seed=0)
    callback = WorldModelCallback(agent, replay, updates_per_rollout=3, **arguments)
    model.learn(2 * ROLLOUT, callback=[callback, capture])
    return replay, capture


@pytest.mark.parametrize("num_envs", [1, 2])
def test_features_are_those_of_the_world_models_own_pass_over_the_rows(
    agent: Agent, num_envs: int
) -> None:
    makers = [lambda: CountingEnv(3), lambda: CountingEnv(5, "terminated")][:num_envs]
    venv = DummyVecEnv(makers)
    replay = make_replay(venv)
    env = WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay))
    seen = [env.reset()]
    for action in np.random.default_rng(0).integers(0, 3, (40, num_envs)):
        seen.append(env.step(action)[0])
    for stream in range(num_envs):
        rows = replay.read(stream, *replay.spans()[stream][0])
        expected = observed(agent, replay, stream)[shown_rows(rows)]
        got = np.stack([obs[stream] for obs in seen])
        np.testing.assert_allclose(got, expected, atol=1e-7, rtol=0)


def test_a_refreshed_rollout_has_the_features_of_the_model_that_learned(
    venv: DummyVecEnv, fast_agent: Agent
) -> None:
    replay, capture = co_train(venv, fast_agent, refresh_below=2.0)
    for stream in range(2):
        rows = replay.read(stream, *replay.spans()[stream][0])
        expected = observed(fast_agent, replay, stream)[shown_rows(rows)][:ROLLOUT]
        np.testing.assert_allclose(capture.observations[:, stream], expected, atol=1e-6)


def test_a_rollout_is_refreshed_only_where_the_features_moved_far(
    venv: DummyVecEnv, fast_agent: Agent
) -> None:
    as_collected = {name: value.clone() for name, value in fast_agent.state_dict().items()}
    replay, capture = co_train(venv, fast_agent, refresh_below=1e-6)
    fast_agent.load_state_dict(as_collected)
    expected = observed(fast_agent, replay, 0)
    rows = replay.read(0, *replay.spans()[0][0])
    expected = expected[shown_rows(rows)][:ROLLOUT]
    np.testing.assert_allclose(capture.observations[:, 0], expected, atol=1e-6)


def test_refreshing_needs_an_environment_that_remembers_the_rollout(
    venv: DummyVecEnv, agent: Agent
) -> None:
    replay = make_replay(venv)
    env = WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay), history_steps=ROLLOUT)
    model = PPO(DreamerPPOPolicy, env, n_steps=ROLLOUT, batch_size=ROLLOUT)
    callback = WorldModelCallback(agent, replay, 1, refresh_below=0.9)
    with pytest.raises(ConfigError, match=f"history_steps of at least {ROLLOUT + 1}"):
        model.learn(ROLLOUT, callback=callback)


def test_drift_is_none_without_learning_and_some_with_it(
    venv: DummyVecEnv, fast_agent: Agent
) -> None:
    replay, _ = co_train(venv, fast_agent)
    probe = DriftProbe(fast_agent, replay, 8)
    still = probe.measure()
    assert still["drift/cosine"] == pytest.approx(1, abs=1e-6)
    assert still["drift/changed_latents"] == 0
    for _ in range(10):
        fast_agent.update_world_model(replay.sample())
    moved = probe.measure()
    assert moved["drift/cosine"] < 0.999
    assert 0 < moved["drift/changed_latents"] < 1


def test_a_slow_copy_follows_by_its_share(agent: Agent, fast_agent: Agent) -> None:
    with torch.no_grad():
        for value in fast_agent.state_dict().values():
            value.fill_(1.0)
        for value in agent.state_dict().values():
            value.fill_(0.0)
    follow(agent, fast_agent, 0.25)
    for name, value in agent.state_dict().items():
        expected = 0.25 if name.startswith("world_model.") else 0.0
        assert torch.all(value == expected), name


def test_a_slow_copy_acts_is_kept_and_drifts_less(tmp_path: Path) -> None:
    world_model = train_dreamer(dreamer_config(tmp_path / "world"))
    settings = hybrid_config(world_model, tmp_path / "fast", freeze=False, steps=128)
    cotrain = dataclasses.replace(settings.cotrain, slow_rate=0.1, refresh_below=2.0)
    slow = dataclasses.replace(settings, run_dir=tmp_path / "slow", cotrain=cotrain)
    train(settings)
    train(slow)
    drifts = [metrics(config.run_dir)[0]["drift/cosine"] for config in (settings, slow)]
    assert drifts[0] < drifts[1] < 1
    part = dataclasses.replace(slow, run_dir=tmp_path / "part", steps=64)
    train(part)
    train(dataclasses.replace(part, steps=128), resume=True)
    assert_same(part.run_dir, slow.run_dir)
    saved: Any = RunDirectory(slow.run_dir).load_newest().model
    acting = load_run(slow.run_dir)[1].state_dict()
    name = next(name for name in acting if name.startswith("world_model."))
    assert torch.equal(acting[name], saved["slow_world_model"][name])
    assert not torch.equal(acting[name], saved["world_model"][name])
    assert len(evaluate(slow.run_dir, 1)) == 1
