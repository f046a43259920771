"""A hybrid run from a Dreamer run's checkpoint, by function and by command."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from dreamer_agent import Replay, RunDirectoryError, load
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
from runs import dreamer_config

PPO = PPOConfig(n_steps=32, batch_size=32)


@pytest.fixture(scope="module")
def world_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world model that has seen a little of CartPole."""
    return train_dreamer(dreamer_config(tmp_path_factory.mktemp("dreamer") / "run"))


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
    kept = {path.name for path in run.iterdir() if not path.name.startswith(".")}
    assert kept == {"config.yaml", "metrics.jsonl", "checkpoints", "world_model"}
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


def test_co_training_keeps_its_rows_on_disk_and_what_checkpoints_need_of_them(
    world_model: Path, tmp_path: Path
) -> None:
    settings = config(world_model, tmp_path / "run", freeze=False)
    run = train(dataclasses.replace(settings, steps=256, save_every_s=0, keep_checkpoints=2))
    assert len(list((run / "checkpoints").glob("step_*"))) == 2
    stored = run / "replay"
    assert len(list(stored.glob("context_undo_*"))) == 2  # of five checkpoints
    replay = Replay.open(stored, 2, 8)
    firsts = sum(
        replay.read(i, *spans[0])["is_first"].sum() for i, spans in enumerate(replay.spans())
    )
    assert replay.stats().rows == 256 + firsts


def test_a_run_directory_is_not_written_over(world_model: Path, tmp_path: Path) -> None:
    settings = config(world_model, tmp_path / "run", freeze=True)
    train(settings)
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    with pytest.raises(RunDirectoryError, match=r"already holds a run.*--resume"):
        train(settings)
    assert {path: path.read_bytes() for path in files} == before


def test_a_start_that_failed_leaves_its_directory_free(world_model: Path, tmp_path: Path) -> None:
    settings = config(world_model, tmp_path / "run", freeze=False)
    with pytest.raises(ObservationKeyError, match="'observatoin'"):
        train(dataclasses.replace(settings, include_raw=("observatoin",)))
    assert (train(settings) / "checkpoints").exists()


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
        ({"cotrain": CoTrainConfig(slow_rate=0)}, "cotrain.slow_rate is 0"),
        ({"cotrain": CoTrainConfig(refresh_below=-1)}, "cotrain.refresh_below is -1"),
        ({"stop_after_minutes": 0.0}, "stop_after_minutes is 0.0; it must be above 0"),
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
        (["train"], "--world-model"),
        (["train", "--resume", "/nowhere"], "/nowhere is not a run"),
        (["eval", "--run-dir", "/nowhere"], "/nowhere is not a run"),
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
