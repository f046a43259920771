"""The world model learns from what PPO's environments recorded, between rollouts."""

import numpy as np
from dreamer_agent import Agent, Replay, ReplayConfig
from hybrid_ppo import DreamerPPOPolicy, RowRecorder, WorldModelCallback, WorldModelVecEnv
from runs import make_replay
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv


def test_the_replay_holds_exactly_the_episodes(venv: DummyVecEnv, agent: Agent) -> None:
    replay = make_replay(venv)
    env = WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay))
    env.reset()
    for _ in range(7):
        env.step(np.array([1, 2]))
    short, long = (replay.read(stream, *replay.spans()[stream][0]) for stream in (0, 1))
    assert short["obs/count"][:, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert long["obs/count"][:, 0].tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert short["action"].tolist() == [0, 1, 1, 1, 0, 1, 1, 1, 0, 1]
    assert short["reward"].tolist() == [0, 1, 1, 1, 0, 1, 1, 1, 0, 1]
    assert np.flatnonzero(short["is_first"]).tolist() == [0, 4, 8]
    assert np.flatnonzero(short["is_last"]).tolist() == [3, 7]
    assert not short["is_terminal"].any()  # truncated
    assert np.flatnonzero(long["is_terminal"]).tolist() == [5]


def test_new_sequences_begin_from_the_posterior_of_the_row_before_them(
    venv: DummyVecEnv, agent: Agent
) -> None:
    rssm = agent.config.rssm
    replay = Replay.for_spaces(
        venv.observation_space,
        venv.action_space,
        num_streams=2,
        batch_size=4,
        sequence_length=8,
        config=ReplayConfig(context_every=1),
        latent_sizes=(rssm.deter, rssm.stoch, rssm.classes),
    )
    env = WorldModelVecEnv(venv, agent, recorder=RowRecorder(replay))
    env.reset()
    seen = []  # the posterior of each row of the longer environment; episodes of 5 steps
    for _ in range(30):
        seen.append(env.state.deter[1].numpy())
        _, _, dones, infos = env.step(np.array([1, 2]))
        if dones[1]:
            seen.append(infos[1]["terminal_observation"][: rssm.deter])
    batch = replay.sample()
    assert batch.context is not None
    streams, rows = batch.ids[:, 0] >> 40, batch.ids[:, 0] & (2**40 - 1)
    assert batch.context["valid"].tolist() == (rows > 0).tolist()
    checked = np.flatnonzero((streams == 1) & (rows > 0))
    assert len(checked)
    for index in checked:
        exact = seen[rows[index] - 1]
        level = np.abs(exact).max() / 127  # latents are stored in 8 bits
        np.testing.assert_allclose(batch.context["deter"][index], exact, atol=0.51 * level)


def test_the_world_model_improves_between_rollouts_and_the_states_follow(
    venv: DummyVecEnv, fast_agent: Agent
) -> None:
    replay = make_replay(venv)
    env = WorldModelVecEnv(venv, fast_agent, recorder=RowRecorder(replay), history_steps=64)
    callback = WorldModelCallback(fast_agent, replay, updates_per_rollout=10)
    model = PPO(DreamerPPOPolicy, env, n_steps=32, batch_size=32, seed=0)
    model.learn(64, callback=callback)
    fixed = replay.sample()
    early = fast_agent.update_world_model(fixed).metrics["loss/last"]
    model.learn(64 * 4, callback=callback)
    assert callback.updates == 50
    np.testing.assert_array_equal(model._last_obs, env.refilter())
    assert fast_agent.update_world_model(fixed).metrics["loss/last"] < 0.8 * early
