"""What becomes of a vector environment when one of its environments fails, or it is forgotten."""

from __future__ import annotations

import gc
import os
import sys
import threading
import traceback
from collections.abc import Iterator

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from pokered_env import PokeRedVectorEnv
from pokered_env.errors import ClosedError, ResetNeededError, add_note


@pytest.fixture
def envs() -> Iterator[PokeRedVectorEnv]:
    envs = PokeRedVectorEnv(3, num_threads=2)
    envs.reset(seed=0)
    yield envs
    envs.close()


def test_an_error_names_its_environment_and_the_others_have_stepped_once(
    envs: PokeRedVectorEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ValueError("the cable is loose")

    with monkeypatch.context() as patch:
        patch.setattr(envs.envs[1], "step_into", fail)
        with pytest.raises(ValueError, match="cable") as raised:
            envs.step([4, 4, 4])
    assert "environment 1 of 3" in "".join(traceback.format_exception(raised.value))
    assert [env.progress.num_steps for env in envs.envs] == [1, 0, 1]
    envs.step([4, 4, 4])
    assert [env.progress.num_steps for env in envs.envs] == [2, 1, 2]


@pytest.mark.parametrize("has_notes", {False, hasattr(BaseException, "add_note")})
def test_a_traceback_carries_the_note_on_every_python(has_notes: bool) -> None:
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("the cable is loose") from error
    except ValueError as error:
        add_note(error, "Raised by environment 1 of 3.", has_notes)
        text = "".join(traceback.format_exception(error))
    assert "Raised by environment 1 of 3." in text
    assert "KeyError: 'first'" in text and "ValueError: the cable is loose" in text


def fail(*args: object, **kwargs: object) -> None:
    raise ValueError("the cable is loose")


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_an_episode_that_ends_beside_a_failing_environment_is_not_lost(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    envs = PokeRedVectorEnv(2, max_steps=2, autoreset_mode=mode)
    twin = PokeRedVectorEnv(2, max_steps=2, autoreset_mode=mode)
    for each in (envs, twin):
        each.reset(seed=0)
        each.step([4, 0])
    expected = twin.step([2, 0])
    with monkeypatch.context() as patch:
        patch.setattr(envs.envs[1], "step_into", fail)
        with pytest.raises(ValueError, match="cable"):
            envs.step([2, 0])
    assert envs.failed_step is not None
    observations, rewards, terminations, truncations, infos = envs.failed_step
    assert (rewards[0], terminations[0]) == (expected[1][0], expected[2][0])
    assert truncations.tolist() == [True, False]
    assert all(np.array_equal(observations[key][0], expected[0][key][0]) for key in observations)
    where = infos["final_info"] if mode == "SameStep" else infos
    assert where["episode_summary"]["steps"].tolist() == [2, 0]
    if mode == "SameStep":
        assert infos["_final_obs"].tolist() == [True, False]
    if mode == "NextStep":
        *_, truncated, _ = envs.step([0, 0])  # the one that ended begins anew, the other ends
        assert truncated.tolist() == [False, True]
        assert envs.failed_step is None
        assert [env.progress.num_steps for env in envs.envs] == [0, 2]
    if mode == "Disabled":
        with pytest.raises(ResetNeededError, match=r"\[0\]"):
            envs.step([0, 0])
    envs.close()
    twin.close()


def test_after_a_failing_reset_nothing_is_taken_for_over_that_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    envs = PokeRedVectorEnv(2, max_steps=1)
    envs.reset(seed=0)
    assert envs.step([0, 0])[3].all()
    with monkeypatch.context() as patch:
        patch.setattr(envs.envs[1], "reset_into", fail)
        with pytest.raises(ValueError, match="cable"):
            envs.reset(seed=1)
    assert envs.step([0, 0])[3].tolist() == [True, False]  # the other one resets only now
    assert [env.progress.num_steps for env in envs.envs] == [1, 0]
    envs.close()


def test_an_autoreset_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    envs = PokeRedVectorEnv(2, max_steps=1)
    envs.reset(seed=0)
    envs.step([0, 0])
    with monkeypatch.context() as patch:
        patch.setattr(envs.envs[1], "reset_into", fail)
        with pytest.raises(ValueError, match="cable"):
            envs.step([0, 0])
    assert envs.failed_step is not None
    assert envs.failed_step[3].tolist() == [False, False]
    assert envs.step([0, 0])[3].tolist() == [True, False]
    envs.close()


def test_threads_end_with_a_vector_environment_that_nobody_closed() -> None:
    before = set(threading.enumerate())
    envs = PokeRedVectorEnv(2, num_threads=2)
    envs.reset(seed=0)
    (worker,) = set(threading.enumerate()) - before
    del envs
    gc.collect()
    worker.join(timeout=10)
    assert not worker.is_alive()


def test_the_autoreset_mode_is_an_attribute_as_in_gymnasium(envs: PokeRedVectorEnv) -> None:
    assert envs.autoreset_mode is AutoresetMode.NEXT_STEP
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_in_a_forked_process_it_says_that_it_cannot_work(envs: PokeRedVectorEnv) -> None:
    child = os.fork()
    if child == 0:
        try:
            envs.step(np.full(3, 4))
        except ClosedError:
            os._exit(7)
        finally:
            sys.stdout.flush()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
