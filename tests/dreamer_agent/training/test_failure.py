"""An environment that fails costs nothing but the episodes that ran."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace

import pytest
from dreamer_agent.cli import main
from dreamer_agent.errors import EnvError
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.training.trainer import train
from tiny import metrics_of, tiny_config


def config_of(directory, how=None, **changes):
    if how:
        (directory / how).touch()
    return tiny_config(
        directory / "run",
        env="failing_env:Failing-v0",
        env_kwargs={"directory": str(directory)},
        env_steps=120,
        eval_every_steps=0,
        **changes,
    )


@pytest.mark.parametrize("vectorization", ["sync", "async"])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", r"Environment [01] failed in step \d+ of its episode: ZeroDivisionError: "),
        ("nan", "Environment 0 returned an observation 'where'"),
    ],
)
def test_an_error_in_the_environment_saves_and_says_how_to_go_on(
    tmp_path, vectorization, how, message
):
    config = config_of(tmp_path, how, vectorization=vectorization)
    with pytest.raises(EnvError, match=message) as caught:
        train(config)
    assert "step 60 of the run" in str(caught.value)
    assert f"--resume {config.run_dir}" in str(caught.value)
    details = (tmp_path / "run" / "env_error.txt").read_text()
    assert how != "raise" or ("failing_env.py" in details and "ZeroDivisionError" in details)
    saved = checkpoint.load(checkpoint.latest(tmp_path / "run" / "checkpoints"))
    assert saved.step == 60 and saved.training["learner"]["weights_version"] > 0

    (tmp_path / how).unlink()
    with pytest.warns(UserWarning, match="new episodes begin"):
        train(config, resume=True)
    assert metrics_of(tmp_path / "run")[-1]["env_steps"] == 120
    replay = Replay.open(tmp_path / "run" / "replay", 2, 8)
    for stream in range(2):
        ((start, stop),) = replay.spans()[stream]
        first = replay.read(stream, start, stop)["is_first"]
        assert stop - start == 60 + first.sum()
    replay.close()


def test_a_failed_environment_is_one_message_and_status_2(tmp_path, capsys):
    config = config_of(tmp_path, "raise", vectorization="sync")
    (tmp_path / "raise").unlink()
    train(config)
    (tmp_path / "raise").touch()
    assert main(["train", "--resume", config.run_dir, "--env-steps", "400"]) == 2
    error = capsys.readouterr().err
    assert "failed in step" in error and "Traceback" not in error


@pytest.mark.parametrize("how", ["raise", "die"])
def test_a_failure_while_evaluating_saves_and_resumes_exactly(tmp_path, how):
    """The episodes of training are whole then."""
    config = config_of(tmp_path, vectorization="async")
    kwargs = {**config.env_kwargs, "after": 0}
    done = []

    def break_evaluation(env_steps, scalars):
        if env_steps == 80:
            done.append((tmp_path / how).touch())

    config = replace(config, eval_every_steps=80, env_kwargs=kwargs)
    with pytest.raises(EnvError, match="at step 80 of the run"):
        train(config, on_record=break_evaluation)
    (tmp_path / how).unlink()
    train(replace(config, eval_every_steps=0), resume=True)
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_an_error_and_nothing_hangs(tmp_path, capsys):
    config = config_of(tmp_path, "die", vectorization="async")
    with pytest.raises(EnvError, match=r"process of environment 0 died \(exit code 3\)"):
        train(config)
    assert checkpoint.load(checkpoint.latest(tmp_path / "run" / "checkpoints")).step == 60
    (tmp_path / "die").unlink()
    assert main(["train", "--resume", config.run_dir]) == 0
    assert "new episodes begin" in capsys.readouterr().err
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_a_state_that_cannot_be_brought_back_begins_new_episodes(tmp_path, vectorization):
    config = config_of(tmp_path, vectorization=vectorization)
    train(config)
    (tmp_path / "upgraded").touch()
    with pytest.warns(UserWarning, match=r"RuntimeError: saved by another version\); new episodes"):
        train(replace(config, env_steps=160), resume=True)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["env_steps"] == 160
    replay = Replay.open(tmp_path / "run" / "replay", 2, 8)
    for stream in range(2):
        rows = replay.read(stream, *replay.spans()[stream][0])
        where = rows["obs/where"][rows["is_first"], 0].tolist()
        assert len(set(where)) > len(where) - 3, "new episodes are not the first ones again"
    replay.close()
