"""Means between records, schedules, and warnings that come when they should and only once."""

from __future__ import annotations

import json

import pytest
from dreamer_agent.training.metrics import Meter, Watch
from dreamer_agent.training.schedule import Every, ReplayRatio

HEALTHY = {"latent/kl": 5.0, "behaviour/entropy": 0.6}


def test_the_meter_averages_each_name_over_its_own_count():
    meter = Meter()
    meter.add({"a": 1.0, "b": 10.0})
    meter.add({"a": 3.0})
    assert meter.take() == {"a": 2.0, "b": 10.0}
    assert meter.take() == {}


def test_a_restored_meter_goes_on_exactly():
    meter, again = Meter(), Meter()
    for value in (0.1, 0.2, 0.7):
        meter.add({"a": value})
    again.restore(json.loads(json.dumps(meter.state())))
    for one in (meter, again):
        one.add({"a": 0.3})
    assert meter.take() == again.take()


def test_every_is_due_once_per_stretch_even_when_steps_jump():
    every = Every(10)
    assert [step for step in (3, 9, 10, 11, 19, 35, 39, 40) if every.due(step)] == [10, 35, 40]
    assert not Every(0).due(100)


def test_updates_are_due_by_the_replay_ratio_and_a_new_one_bills_nothing_of_the_past():
    ratio = ReplayRatio(8, 24, first_step=40)
    assert [ratio.due(step) for step in (0, 40, 42, 43, 100)] == [0, 0, 0, 1, 20]
    again, faster, slower = (ReplayRatio(value, 24, 40) for value in (8, 48, 4))
    for one in (again, faster, slower):
        one.restore(json.loads(json.dumps(ratio.state())), step=101)
    assert [one.due(101) for one in (again, faster, slower)] == [20, 20, 20]
    assert [one.due(107) for one in (again, faster, slower)] == [22, 32, 21]
    early = ReplayRatio(48, 24, 40)
    early.restore(ratio.state(), step=10)
    assert [early.due(step) for step in (40, 41)] == [0, 2]


@pytest.mark.parametrize(
    ("sick", "message"),
    [
        ({"latent/kl": 0.97}, "KL is stuck at 0.97 nats"),
        ({"behaviour/entropy": 0.001}, "entropy has collapsed to 0.001"),
    ],
)
def test_a_lasting_sign_warns_once(sick, message):
    watch = Watch(free_nats=1.0, max_entropy=0.69, patience=3, after_updates=10)
    assert watch.check({**HEALTHY, **sick}, updates=5) == []
    warnings = [watch.check({**HEALTHY, **sick}, updates=20) for _ in range(6)]
    assert [len(new) for new in warnings] == [0, 0, 1, 0, 0, 0]
    assert message in warnings[2][0]


def test_a_sign_that_passes_does_not_warn():
    watch = Watch(free_nats=1.0, max_entropy=0.69, patience=3, after_updates=0)
    for _ in range(5):
        assert watch.check({"latent/kl": 0.9}, 1) == watch.check({"latent/kl": 0.9}, 1) == []
        assert watch.check(HEALTHY, 1) == []


def test_records_without_an_update_neither_lengthen_nor_break_a_sign():
    watch = Watch(free_nats=1.0, max_entropy=0.69, patience=3, after_updates=0)
    sick = {"latent/kl": 0.9, "behaviour/entropy": 0.001}
    warnings = [watch.check(record, 1) for record in (sick, {}, {}, sick, {}, sick)]
    assert [len(new) for new in warnings] == [0, 0, 0, 0, 0, 2]


def test_continuous_actions_have_no_uniform_entropy_to_compare_with():
    watch = Watch(free_nats=0.0, max_entropy=None, patience=1, after_updates=0)
    assert watch.check({"behaviour/entropy": -3.0}, 1) == []
