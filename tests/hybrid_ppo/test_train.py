"""A hybrid run from a Dreamer run's checkpoint, by function and by command."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from dreamer_agent import TrainConfig, load, preset
from dreamer_agent import train as train_dreamer
from hybrid_ppo import (
    ConfigError,
    CoTrainConfig,
    HybridConfig,
    ObservationKeyError,
    PPOConfig,
    evaluate,
    load_run,
    train,
)
from hybrid_ppo.cli import main

PPO = PPOConfig(n_steps=32, batch_size=32)


@pytest.fixture(scope="module")
def world_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world model that has seen a little of CartPole."""
    return train_dreamer(dreamer_config(tmp_path_factory.mktemp("dreamer") / "run", "CartPole-v1"))


def dreamer_config(run_dir: Path, env: str) -> TrainConfig:
    return TrainConfig(
        env=env,
        run_dir=str(run_dir),
        env_steps=96,
        prefill_steps=64,
        batch_size=2,
        sequence_length=16,
        replay_ratio=1.0,
        video_every_steps=0,
        agent=preset("paper", "xs"),
    )


def config(world_model: Path, run_dir: Path, freeze: bool) -> HybridConfig:
    return HybridConfig(
        world_model=world_model,
        run_dir=run_dir,
        steps=128,
        freeze_world_model=freeze,
        ppo=PPO,
        cotrain=CoTrainConfig(updates_per_rollout=1, batch_size=2, sequence_length=8),
    )


def test_a_frozen_run_trains_is_stored_and_scored(world_model: Path, tmp_path: Path) -> None:
    run = train(config(world_model, tmp_path / "run", freeze=True))
    assert {path.name for path in run.iterdir()} == {"config.yaml", "policy.zip", "progress.csv"}
    returns = evaluate(run, num_episodes=3)
    assert len(returns) == 3
    assert all(value >= 8 for value in returns)  # no CartPole episode can be shorter
    assert returns == evaluate(run, num_episodes=3)


def test_a_co_trained_world_model_comes_back_as_it_was_at_the_end(
    world_model: Path, tmp_path: Path
) -> None:
    run = train(config(world_model, tmp_path / "run", freeze=False))
    _, agent, _ = load_run(run)
    before, after = load(world_model).state_dict(), agent.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("world_model.") for name in changed)
    assert not any(name.startswith("actor_critic.actor") for name in changed)


def test_a_run_directory_is_not_written_over(world_model: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    with pytest.raises(ConfigError, match="already holds a run"):
        train(config(world_model, tmp_path, freeze=True))
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_a_start_that_failed_leaves_its_directory_free(world_model: Path, tmp_path: Path) -> None:
    settings = config(world_model, tmp_path / "run", freeze=True)
    with pytest.raises(ObservationKeyError, match="'observatoin'"):
        train(dataclasses.replace(settings, include_raw=("observatoin",)))
    assert not (tmp_path / "run").exists()
    assert (train(settings) / "policy.zip").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ppo": PPOConfig(batch_size=0)}, "ppo.batch_size is 0; it must be at least 2"),
        ({"ppo": PPOConfig(n_epochs=0)}, "ppo.n_epochs is 0"),
        ({"ppo": PPOConfig(n_steps=1), "num_envs": 1}, "one step; PPO needs at least 2"),
        ({"ppo": PPOConfig(learning_rate=-1.0)}, "ppo.learning_rate is -1.0"),
        ({"ppo": PPOConfig(gamma=1.5)}, "ppo.gamma is 1.5; it must be at most 1"),
        ({"ppo": PPOConfig(gae_lambda=float("nan"))}, "ppo.gae_lambda is nan"),
        ({"ppo": PPOConfig(units=(64, 0))}, r"ppo.units is \(64, 0\)"),
        ({"cotrain": CoTrainConfig(batch_size=0)}, "cotrain.batch_size is 0"),
        ({"cotrain": CoTrainConfig(sequence_length=1)}, "cotrain.sequence_length is 1"),
        ({"cotrain": CoTrainConfig(capacity=0)}, "cotrain.capacity is 0"),
        ({"cotrain": CoTrainConfig(refilter_steps=0)}, "cotrain.refilter_steps is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_built(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        HybridConfig(world_model=Path("any"), **changes)


@pytest.mark.parametrize("changes", [{"sequence_length": 2}, {"capacity": 1}])
def test_the_least_co_training_runs(
    world_model: Path, tmp_path: Path, changes: dict[str, int]
) -> None:
    settings = config(world_model, tmp_path / "run", freeze=False)
    cotrain = dataclasses.replace(settings.cotrain, **changes)
    assert train(dataclasses.replace(settings, steps=64, cotrain=cotrain)).exists()


@pytest.mark.parametrize("freeze", [True, False])
def test_a_world_model_trained_with_action_masks_gets_them(tmp_path: Path, freeze: bool) -> None:
    dreamer = dreamer_config(tmp_path / "world", "masked_env:Masked-v0")
    settings = config(train_dreamer(dreamer), tmp_path / "run", freeze)
    assert "action_mask" in load(settings.world_model).observations
    run = train(dataclasses.replace(settings, include_raw=("action_mask",)))
    assert len(evaluate(run, num_episodes=2)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--world-model", "/nowhere"], "/nowhere"),
        (["train", "--world-model", "/nowhere", "--steps", "0"], "steps is 0"),
        (["eval", "--run-dir", "/nowhere"], "/nowhere holds no policy.zip"),
        (["eval", "--run-dir", "/nowhere", "--episodes", "0"], "episodes is 0"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
