"""The first Ctrl-C asks, the second insists; afterwards all is as before."""

from __future__ import annotations

import os
import signal

import pytest
from dreamer_agent.training.interrupt import Interrupt


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
