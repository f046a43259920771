"""A hybrid run from a Dreamer run's checkpoint, by function and by command."""

from pathlib import Path

import pytest
import torch
from dreamer_agent import TrainConfig, load, preset
from dreamer_agent import train as train_dreamer
from hybrid_ppo import (
    ConfigError,
    CoTrainConfig,
    HybridConfig,
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
    config = TrainConfig(
        env="CartPole-v1",
        run_dir=str(tmp_path_factory.mktemp("dreamer") / "run"),
        env_steps=96,
        prefill_steps=64,
        batch_size=2,
        sequence_length=16,
        replay_ratio=1.0,
        video_every_steps=0,
        agent=preset("paper", "xs"),
    )
    return train_dreamer(config)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--world-model", "/nowhere"], "/nowhere"),
        (["train", "--world-model", "/nowhere", "--steps", "0"], "steps is 0"),
        (["eval", "--run-dir", "/nowhere"], "/nowhere holds no policy.zip"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
