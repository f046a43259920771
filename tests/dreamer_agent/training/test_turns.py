"""Collecting beside learning: who acts, what is repeatable, and what goes wrong."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from dreamer_agent import Agent
from dreamer_agent.errors import EnvError
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.directory import RunDirectory
from dreamer_agent.training.collect import Collector
from dreamer_agent.training.run_parts import build_parts
from dreamer_agent.training.trainer import train
from dreamer_agent.training.turns import Turns, learning_threads
from tiny import assert_same_run, interrupt_after, metrics_of, tiny_config


def config_of(run_dir, **changes):
    changes = {"collect": "beside", "env_steps": 120, "eval_every_steps": 0} | changes
    return tiny_config(run_dir, **changes)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(config_of(tmp_path_factory.mktemp("beside") / "whole"))


def test_a_run_does_its_steps_and_updates_and_logs_as_often(whole):
    lines = metrics_of(whole)
    assert [line["env_steps"] // 20 for line in lines] == [1, 2, 3, 4, 5, 6]
    saved = checkpoint.load(checkpoint.latest(whole / "checkpoints"))
    assert saved.step == 120
    assert saved.training["learner"]["weights_version"] == (120 - 40) * 8 // 24


def test_another_run_is_the_same_whichever_side_is_quicker(whole, tmp_path, monkeypatch):
    update, step, updates = Agent.update, Collector.step, []
    learning = threading.Event()

    def slow_update(self, batch):
        learning.set()
        updates.append(learning.wait(0.02))
        return update(self, batch)

    def slow_step(self):
        if len(updates) % 2:
            threading.Event().wait(0.01)
        return step(self)

    monkeypatch.setattr(Agent, "update", slow_update)
    monkeypatch.setattr(Collector, "step", slow_step)
    assert_same_run(whole, train(config_of(tmp_path / "again")))


def test_ctrl_c_and_resume_leave_no_trace(whole, tmp_path):
    config = config_of(tmp_path / "run")
    for number, step in enumerate((20, 60, 100)):
        train(config, resume=number > 0, on_record=interrupt_after(step))
    train(config, resume=True)
    assert_same_run(whole, Path(config.run_dir))


def test_the_weights_before_an_update_act_while_it_runs(tmp_path, monkeypatch):
    config = config_of(tmp_path / "run")
    acted, update, act = [], Agent.update, Agent.act
    began = threading.Event()

    def versions(self, *arguments, **options):
        acted.append([p.clone() for p in self.actor_critic.actor.parameters()])
        began.set()
        return act(self, *arguments, **options)

    def waiting(self, batch):
        assert began.wait(10)  # steps are taken although the update is not done
        return update(self, batch)

    monkeypatch.setattr(Agent, "act", versions)
    monkeypatch.setattr(Agent, "update", waiting)
    with ExitStack() as stack:
        run = RunDirectory(Path(config.run_dir))
        run.create()
        parts = build_parts(config, run, stack)
        turns = Turns(config, parts, stack)
        while parts.learner.weights_version < 4:
            before = [p.clone() for p in parts.agent.actor_critic.actor.parameters()]
            acted.clear()
            began.clear()
            turn = turns.take()
            assert acted
            for weights in acted:
                assert all(torch.equal(a, b) for a, b in zip(weights, before, strict=True))
            after = list(parts.agent.actor_critic.actor.parameters())
            changed = not all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
            assert changed == bool(turn.metrics)


@pytest.mark.parametrize("collect", ["between", "beside"])
def test_acting_takes_its_own_number_of_threads(tmp_path, monkeypatch, collect):
    seen, update, act = {}, Agent.update, Agent.act

    def note(name, call):
        def noting(*arguments, **options):
            seen.setdefault(name, set()).add(torch.get_num_threads())
            return call(*arguments, **options)

        return noting

    monkeypatch.setattr(Agent, "act", note("act", act))
    monkeypatch.setattr(Agent, "update", note("update", update))
    train(config_of(tmp_path / "run", collect=collect, env_steps=60, threads=2))
    assert seen == {"act": {1}, "update": {2}}


def test_learning_leaves_acting_its_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    config = tiny_config(tmp_path, threads=0, acting_threads=3)
    assert learning_threads(config) == 8
    assert learning_threads(replace(config, collect="beside")) == 5
    assert learning_threads(replace(config, collect="beside", acting_threads=9)) == 1
    assert learning_threads(replace(config, collect="beside", threads=4)) == 4


def test_an_environment_that_fails_beside_an_update_costs_no_more_than_between(tmp_path):
    (tmp_path / "raise").touch()
    env = {"env": "failing_env:Failing-v0", "env_kwargs": {"directory": str(tmp_path)}}
    config = config_of(tmp_path / "run", **env)
    with pytest.raises(EnvError, match=r"Environment \d failed in step \d+.*ZeroDivisionError"):
        train(config)
    saved = checkpoint.load(checkpoint.latest(tmp_path / "run" / "checkpoints"))
    assert saved.step == 60 and saved.training["learner"]["weights_version"] > 0
    (tmp_path / "raise").unlink()
    with pytest.warns(UserWarning, match="new episodes begin"):
        train(config, resume=True)
    assert metrics_of(tmp_path / "run")[-1]["env_steps"] == 120
