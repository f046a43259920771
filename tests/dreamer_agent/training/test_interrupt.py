"""The first signal asks, a second Ctrl-C insists; afterwards all is as before."""

from __future__ import annotations

import os
import signal

import pytest
from dreamer_agent.training.interrupt import Interrupt


@pytest.fixture(autouse=True)
def a_terminal_that_matters():
    """Whoever runs the tests may ignore SIGHUP, as nohup does, and processes inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_second_raises(number):
    calls = []
    before = signal.getsignal(number)
    with Interrupt(lambda: calls.append(1)) as interrupt:
        assert not interrupt.requested
        os.kill(os.getpid(), number)
        assert interrupt.requested and calls == [1]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before and calls == [1]


def test_a_terminal_that_closes_asks_but_never_aborts():
    with Interrupt(lambda: None) as interrupt:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
    assert interrupt.requested


def test_under_nohup_the_terminal_may_close():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt(lambda: None) as interrupt:
            os.kill(os.getpid(), signal.SIGHUP)
        assert not interrupt.requested and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
