"""Environments in processes: the dead are named, the slow are not waited for at the end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest
from dreamer_agent.envs.vector import make_vector_env
from dreamer_agent.errors import EnvError


@pytest.fixture
def env(tmp_path):
    kwargs = {"directory": str(tmp_path), "after": 0}
    env = make_vector_env("failing_env:Failing-v0", 3, kwargs, "async")
    env.reset(seed=[1, 2, 3])
    yield env
    env.close()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "call",
    [
        lambda env: env.step([0, 0, 0]),
        lambda env: env.reset(seed=[1, 2, 3]),
        lambda env: env.call("episode_state"),
        lambda env: env.set_attr("state_to_restore", [None] * 3),
    ],
)
def test_a_killed_worker_is_named_by_whatever_comes_next(env, call):
    os.kill(env.processes[1].pid, signal.SIGKILL)
    with pytest.raises(EnvError, match=r"process of environment 1 died \(exit code -9\)"):
        call(env)


def test_closing_does_not_wait_for_an_environment_that_hangs(env, tmp_path):
    (tmp_path / "hang").touch()
    env.step_async([0, 0, 0])
    started = time.monotonic()
    env.close(timeout=0.2)
    assert time.monotonic() - started < 5


def test_signals_to_the_whole_group_do_not_reach_the_workers(env):
    for process in env.processes:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process.pid, number)
    env.step([0, 0, 0])
    assert all(process.is_alive() for process in env.processes)


def test_an_error_is_the_workers_own_with_its_traceback(env, tmp_path):
    (tmp_path / "raise").touch()
    with pytest.raises(EnvError, match="failed in step 1 of its episode: Zero") as caught:
        env.step([0, 0, 0])
    assert "failing_env.py" in str(caught.value.__cause__)
