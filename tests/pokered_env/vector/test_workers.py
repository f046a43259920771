from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import weakref

import pytest
from pokered_env.vector.workers import Workers


def test_every_index_is_worked_on_once() -> None:
    workers = Workers(3)
    done: list[int] = []
    for _ in range(50):
        workers.run(done.append, range(7))
    assert sorted(done) == sorted([*range(7)] * 50)
    workers.close()


def test_threads_work_at_the_same_time() -> None:
    workers = Workers(2)
    meeting = threading.Barrier(3, timeout=10)
    workers.run(lambda _: meeting.wait() and None, range(3))
    workers.close()


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_in_any_thread_reaches_the_caller_and_the_next_run_works(failing: int) -> None:
    workers = Workers(2)
    meeting = threading.Barrier(3, timeout=10)

    def fail(index: int) -> None:
        meeting.wait()  # each index on another thread
        if index == failing:
            raise ValueError(f"{index} fails")

    with pytest.raises(ValueError, match=f"{failing} fails"):
        workers.run(fail, range(3))
    done: list[int] = []
    workers.run(done.append, range(5))
    assert sorted(done) == [*range(5)]
    workers.close()


def test_closing_ends_the_threads_and_may_be_repeated() -> None:
    others = set(threading.enumerate())
    workers = Workers(3)
    threads = set(threading.enumerate()) - others
    assert len(threads) == 3
    workers.close()
    workers.close()
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)


def test_waiting_threads_do_not_keep_their_last_work_alive() -> None:
    class Environment:
        def step(self, index: int) -> None:
            pass

    workers, environment = Workers(1), Environment()
    gone = weakref.ref(environment)
    workers.run(environment.step, range(4))
    del environment
    gc.collect()
    assert gone() is None
    workers.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to one thread")
def test_after_an_interrupt_the_next_run_waits_for_what_is_still_being_worked_on() -> None:
    workers = Workers(1)
    meeting = threading.Barrier(2, timeout=10)
    may_go_on = threading.Event()
    done: list[str] = []

    def interrupt(index: int) -> None:
        meeting.wait()  # each index on another thread
        if threading.current_thread() is threading.main_thread():
            return
        time.sleep(0.2)  # until the caller waits for this thread
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        may_go_on.wait(10)
        done.append("interrupted")

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            workers.run(interrupt, range(2))
        assert done == []
        threading.Timer(0.2, may_go_on.set).start()
        workers.run(lambda index: done.append(f"next {index}"), range(2))
        assert done[0] == "interrupted"
        assert sorted(done[1:]) == ["next 0", "next 1"]
        done.clear()
        may_go_on.clear()
    workers.close()
