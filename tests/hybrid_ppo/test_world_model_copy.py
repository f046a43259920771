"""A run keeps the world model it began with, and learns on from where that one stopped."""

import dataclasses
import shutil
from pathlib import Path

import dreamer_agent
import pytest
import torch
from dreamer_agent import CheckpointError, RunDirectory
from dreamer_agent import train as train_dreamer
from hybrid_ppo import ConfigError, CoTrainConfig, evaluate, load_run, train
from runs import dreamer_config, hybrid_config


@pytest.fixture
def world_model(tmp_path: Path) -> Path:
    return train_dreamer(dreamer_config(tmp_path / "world"))


def test_a_run_is_scored_on_the_world_model_it_was_trained_on(
    world_model: Path, tmp_path: Path
) -> None:
    run = train(hybrid_config(world_model, tmp_path / "run", freeze=True, steps=64))
    before = load_run(run)[1].state_dict()
    returns = evaluate(run, 2)
    settings = dataclasses.replace(dreamer_config(world_model), env_steps=160)
    train_dreamer(settings, resume=True)
    newest = dreamer_agent.load(world_model).state_dict()
    assert not all(torch.equal(newest[name], before[name]) for name in before)
    after = load_run(run)[1].state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    shutil.rmtree(world_model)
    assert evaluate(run, 2) == returns


def test_one_checkpoint_can_be_named(world_model: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(dreamer_config(world_model), env_steps=128)
    train_dreamer(settings, resume=True)
    first = sorted((world_model / "checkpoints").iterdir())[0]
    run = train(hybrid_config(first, tmp_path / "run", freeze=True, steps=64))
    before, after = dreamer_agent.load(first).state_dict(), load_run(run)[1].state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_another_world_model_in_its_place_is_refused(world_model: Path, tmp_path: Path) -> None:
    settings = hybrid_config(world_model, tmp_path / "run", freeze=True, steps=64)
    run = train(settings)
    other = train_dreamer(dataclasses.replace(dreamer_config(tmp_path / "other"), seed=1))
    shutil.rmtree(run / "world_model")
    shutil.copytree(other, run / "world_model")
    with pytest.raises(ConfigError, match="is not the world model that this run was trained on"):
        evaluate(run)
    with pytest.raises(ConfigError, match="is not the world model that this run was trained on"):
        train(dataclasses.replace(settings, steps=128), resume=True)


def test_a_damaged_copy_is_named(world_model: Path, tmp_path: Path) -> None:
    run = train(hybrid_config(world_model, tmp_path / "run", freeze=True, steps=64))
    (weights,) = (run / "world_model").rglob("model.safetensors")
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"model\.safetensors has changed"):
        evaluate(run)


def test_co_training_takes_the_optimiser_over(world_model: Path, tmp_path: Path) -> None:
    before = RunDirectory(world_model).load_newest().optimizer
    cotrain = CoTrainConfig(updates_per_rollout=3, batch_size=2, sequence_length=8)
    settings = hybrid_config(world_model, tmp_path / "run", freeze=False, steps=64)
    run = train(dataclasses.replace(settings, cotrain=cotrain))
    after = RunDirectory(run).load_newest().optimizer["world_model"]
    steps = "world_model.num_steps"
    assert int(before[steps]) > 0
    assert int(after[steps]) == int(before[steps]) + 3
    assert torch.equal(after["actor.mean"], before["actor.mean"])
    assert not torch.equal(after["world_model.mean"], before["world_model.mean"])
