"""The replay holds exactly the episodes, whatever the autoreset mode."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from counting_env import CountingEnv, RandomAgent, SavingEnv
from dreamer_agent.envs.episode_rows import EpisodeRows
from dreamer_agent.envs.resumable import ResumableEnv
from dreamer_agent.errors import EnvError
from dreamer_agent.replay import Replay, ReplayConfig
from dreamer_agent.training.collect import Collector
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

MODES = list(AutoresetMode)


def make(mode, num_envs=3, env=CountingEnv, vector=SyncVectorEnv, seed=1, **kwargs):
    envs = [lambda: ResumableEnv(env(**kwargs)) for _ in range(num_envs)]
    rows = EpisodeRows(vector(envs, autoreset_mode=mode), seed=seed)
    replay = Replay.for_spaces(
        rows.observation_space,
        rows.action_space,
        num_streams=num_envs,
        batch_size=2,
        sequence_length=4,
        latent_sizes=(2, 1, 4),
        config=ReplayConfig(context_every=2),
    )
    agent = RandomAgent()
    return Collector(rows, agent, replay), replay, agent


def stream_rows(replay, stream):
    ((start, stop),) = replay.spans()[stream]
    return replay.read(stream, start, stop)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dict_space", [True, False])
def test_replay_holds_exactly_the_episodes(mode, dict_space):
    collector, replay, _ = make(mode, dict_space=dict_space)
    finished = [episode for _ in range(100) for episode in collector.step()]
    total = 0
    for stream in range(3):
        rows = stream_rows(replay, stream)
        where = rows["obs/where" if dict_space else "obs/observation"]
        starts = np.flatnonzero(rows["is_first"])
        assert starts[0] == 0
        for start, stop in pairwise([*starts, len(where)]):
            total += check_episode({k: v[start:stop] for k, v in rows.items()}, where[start:stop])
    assert total == collector.env_steps
    assert len(finished) > 20
    assert all(episode.summary == {"goals": episode.length} for episode in finished)


def check_episode(rows, where):
    steps = len(where) - 1
    assert len(set(where[:, 0])) == 1, "observations of one episode only"
    assert where[:, 1].tolist() == list(range(steps + 1))
    assert where[:, 2].tolist() == rows["action"].tolist()
    assert rows["action"][0] == 0 and rows["reward"][0] == 0
    assert rows["reward"][1:].tolist() == (rows["action"][1:] + 0.5).tolist()
    assert not rows["is_first"][1:].any() and not rows["is_last"][:-1].any()
    ended = bool(rows["is_last"][-1])
    assert rows["is_terminal"].any() == (ended and steps % 2 == 0)
    return steps


def test_scores_and_lengths_are_those_of_the_stored_episodes():
    collector, replay, _ = make(AutoresetMode.NEXT_STEP, num_envs=1)
    finished = [episode for _ in range(60) for episode in collector.step()]
    rows = stream_rows(replay, 0)
    ends = np.flatnonzero(rows["is_last"]) + 1
    parts = np.split(rows["reward"], ends)[: len(ends)]
    assert [episode.score for episode in finished] == [part.sum() for part in parts]
    assert [episode.length for episode in finished] == [len(part) - 1 for part in parts]


@pytest.mark.parametrize("mode", MODES)
def test_the_agent_is_told_of_every_reset_and_sees_its_observation(mode):
    collector, _, agent = make(mode)
    for _ in range(50):
        collector.step()
    for obs, is_first in agent.seen:
        assert (is_first == (obs["where"][:, 1] == 0)).all()


@pytest.mark.parametrize("mode", MODES)
def test_latents_kept_are_those_of_their_row(mode):
    collector, replay, _ = make(mode, num_envs=2)
    for _ in range(40):
        collector.step()
    for _ in range(20):
        batch = replay.sample()
        for index in np.flatnonzero(batch.context["valid"]):
            stream, row = int(batch.ids[index, 0] >> 40), int(batch.ids[index, 0] & 2**40 - 1)
            before = replay.read(stream, row - 1, row)["obs/where"][0, 1]
            assert batch.context["deter"][index, 0] == before


def test_episodes_of_the_disabled_mode_depend_on_the_run_seed_only():
    def tags(seed):
        collector, replay, _ = make(AutoresetMode.DISABLED, seed=seed)
        for _ in range(40):
            collector.step()
        return [stream_rows(replay, s)["obs/where"][:, 0].tolist() for s in range(3)]

    assert tags(1) == tags(1) != tags(2)


def test_an_action_mask_in_info_becomes_an_observation():
    collector, replay, agent = make(AutoresetMode.DISABLED, masks=True)
    for _ in range(30):
        collector.step()
    for stream in range(3):
        rows = stream_rows(replay, stream)
        steps, is_last = rows["obs/where"][:, 1], rows["is_last"]
        assert (rows["obs/action_mask"][:, 2] == steps % 2)[~is_last].all()
    assert all("action_mask" in obs for obs, _ in agent.seen)


@pytest.mark.parametrize("env", [CountingEnv, SavingEnv])
@pytest.mark.parametrize(
    ("steps", "vector"),
    [(0, SyncVectorEnv), (7, SyncVectorEnv), (31, SyncVectorEnv), (7, AsyncVectorEnv)],
)
def test_running_episodes_continue_after_a_restore(env, steps, vector):
    collector, replay, agent = make(AutoresetMode.DISABLED, env=env, vector=vector)
    for _ in range(steps):
        collector.step()
    state, rng = collector.state(), agent.rng.bit_generator.state
    stops = [len(stream_rows(replay, s)["reward"]) if steps else 0 for s in range(3)]
    for _ in range(30):
        collector.step()
    again, new_replay, new_agent = make(AutoresetMode.DISABLED, env=env, vector=vector)
    new_agent.rng.bit_generator.state = rng
    assert again.restore(state)
    for _ in range(30):
        again.step()
    for stream in range(3):
        old, new = stream_rows(replay, stream), stream_rows(new_replay, stream)
        assert all(np.array_equal(old[name][stops[stream] :], new[name]) for name in old)
    assert again.env_steps == collector.env_steps


def test_new_episodes_begin_where_an_environment_cannot_be_brought_back():
    collector, _, _ = make(AutoresetMode.NEXT_STEP)
    for _ in range(7):
        collector.step()
    again, replay, _ = make(AutoresetMode.NEXT_STEP)
    assert not again.restore(collector.state())
    again.step()
    assert again.env_steps == collector.env_steps + 3
    assert all(stream_rows(replay, stream)["is_first"][0] for stream in range(3))


def test_the_mask_of_a_final_observation_that_nobody_told_allows_everything():
    collector, replay, _ = make(AutoresetMode.SAME_STEP, masks=True)
    for _ in range(30):
        collector.step()
    rows = stream_rows(replay, 0)
    assert rows["is_last"].any() and rows["obs/action_mask"][rows["is_last"]].all()


class SavedVectorEnv(SyncVectorEnv):
    """Resets itself one step after an episode's end, and can be brought back."""

    def save(self):
        return [env.unwrapped.save() for env in self.envs], self._autoreset_envs.copy()

    def load(self, state):
        self.reset()
        for env, saved in zip(self.envs, state[0], strict=True):
            env.unwrapped.load(saved)
        self._autoreset_envs = state[1].copy()


class SavesToPathVectorEnv(SavedVectorEnv):
    def save(self, path):
        raise AssertionError("never with a path")


def test_a_vector_environment_whose_save_wants_a_path_does_not_stop_a_checkpoint():
    collector, _, _ = make(AutoresetMode.NEXT_STEP, env=SavingEnv, vector=SavesToPathVectorEnv)
    collector.step()
    with pytest.warns(UserWarning, match=r"save\(\) of SavesToPathVectorEnv .*path"):
        state = collector.state()
    again, _, _ = make(AutoresetMode.NEXT_STEP, env=SavingEnv, vector=SavesToPathVectorEnv)
    assert not again.restore(state)


def test_environments_about_to_reset_themselves_do_so_after_a_restore():
    collector, _, agent = make(
        AutoresetMode.NEXT_STEP, env=SavingEnv, vector=SavedVectorEnv, num_envs=1
    )
    while not collector.step():
        pass
    state, rng = collector.state(), agent.rng.bit_generator.state
    again, replay, new_agent = make(
        AutoresetMode.NEXT_STEP, env=SavingEnv, vector=SavedVectorEnv, num_envs=1
    )
    new_agent.rng.bit_generator.state = rng
    assert again.restore(state)
    for _ in range(3):
        again.step()
    rows = stream_rows(replay, 0)
    assert rows["is_first"].tolist() == [True, False, False]
    assert rows["obs/where"][:, 1].tolist() == [0, 1, 2]


def test_a_mask_told_once_still_holds_after_a_restore():
    class ToldOnce(SavingEnv):
        def _info(self):
            return {"action_mask": np.array([1, 0, 1], np.int8)} if self.step_count == 0 else {}

    collector, _, _ = make(AutoresetMode.DISABLED, env=ToldOnce, num_envs=1)
    collector.step()
    again, replay, _ = make(AutoresetMode.DISABLED, env=ToldOnce, num_envs=1)
    again._rows._mask[:] = 1
    assert again.restore(collector.state())
    again.step()
    assert stream_rows(replay, 0)["obs/action_mask"][0].tolist() == [1, 0, 1]


def test_a_reward_that_is_not_finite_is_named():
    class Broken(CountingEnv):
        def step(self, action):
            obs, _, *rest = super().step(action)
            return obs, float("inf"), *rest

    collector, _, _ = make(AutoresetMode.DISABLED, env=Broken)
    with pytest.raises(EnvError, match="Environment 0 returned the reward inf"):
        collector.step()


def test_an_observation_that_is_not_finite_is_named():
    class Broken(CountingEnv):
        def step(self, action):
            obs, *rest = super().step(action)
            obs["where"][1] = np.nan
            return obs, *rest

    collector, _, _ = make(AutoresetMode.DISABLED, env=Broken)
    with pytest.raises(EnvError, match=r"Environment 0 .* 'where'"):
        collector.step()
