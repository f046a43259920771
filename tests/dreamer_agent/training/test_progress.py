"""Progress is measured by steps or by time, whichever ends the run first."""

from __future__ import annotations

import time

import pytest
from dreamer_agent.logging.terminal import Status
from dreamer_agent.replay import ReplayStats
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.progress import Progress


def make(**changes):
    status = Status()
    return Progress(TrainConfig(env_steps=1000, **changes), status, 100, 5), status


def test_nothing_is_estimated_before_the_first_step():
    progress, status = make()
    progress.update(100, 5, "collecting")
    assert status.seconds_left is None and status.fraction == 0.1


def test_time_left_is_extrapolated_from_the_steps_of_this_process():
    progress, status = make()
    time.sleep(0.05)
    progress.update(400, 9, "learning")
    assert status.seconds_left == pytest.approx(progress.seconds * 600 / 300, rel=0.2)
    assert status.phase == "learning" and status.updates == 9


def test_a_time_limit_bounds_what_is_left():
    progress, status = make(stop_after_minutes=0.001)
    time.sleep(0.03)
    progress.update(101, 5, "learning")
    assert status.fraction > 0.4 and status.seconds_left <= 0.03
    time.sleep(0.04)
    assert progress.is_out_of_time and not make()[0].is_out_of_time


def test_speeds_are_those_since_the_last_record():
    progress, status = make()
    time.sleep(0.02)
    first = progress.system(300, 25, ReplayStats(300, 90.0, 10.0))
    assert first["system/env_steps_per_s"] == pytest.approx(
        10 * first["system/updates_per_s"], rel=1e-6
    )
    assert progress.system(300, 25, ReplayStats(1, 1, 1))["system/updates_per_s"] == 0
    assert "300 rows" not in status.replay and "1 rows" in status.replay
