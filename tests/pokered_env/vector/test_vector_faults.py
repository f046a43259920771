"""What becomes of a vector environment when one of its environments fails, or it is forgotten."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from pokered_env import PokeRedVectorEnv
from pokered_env.errors import ClosedError


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
    if sys.version_info >= (3, 11):  # older Pythons have no notes on exceptions
        assert any("environment 1 of 3" in note for note in raised.value.__notes__)
    assert [env.progress.num_steps for env in envs.envs] == [1, 0, 1]
    envs.step([4, 4, 4])
    assert [env.progress.num_steps for env in envs.envs] == [2, 1, 2]


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
