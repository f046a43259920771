"""Checkpoints are whole or absent, run no code, and name what does not fit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from dreamer_agent.errors import CheckpointError, SpacesMismatchError
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.checkpoint import Checkpoint
from dreamer_agent.run_dir.specs import compare_specs
from dreamer_agent.run_dir.tree import join, split

SPEC = {"observation": {"screen": {"shape": [72, 80, 1], "dtype": "uint8"}}, "action": {"n": 7}}


def make(step=10):
    return Checkpoint(
        step,
        SPEC,
        model={"world.weight": torch.arange(6.0).reshape(2, 3) + step},
        optimizer={"count": step, "moments": [torch.ones(2), {"x": None}]},
        training={
            "rng": torch.get_rng_state(),
            "env": b"\x00\x01state",
            "empty": b"",
            "obs": {"where": np.arange(6, dtype=np.uint8).reshape(1, 2, 3)},
            "flag": np.zeros((3,), np.bool_),
            "big": 2**100,
            "mean": 0.1 + 0.2,
            "scalar": np.array(3.5),
        },
    )


def test_everything_comes_back_exactly(tmp_path):
    saved = make()
    loaded = checkpoint.load(checkpoint.save(tmp_path, saved))
    assert loaded.step == 10 and loaded.spec == SPEC
    assert torch.equal(loaded.model["world.weight"], saved.model["world.weight"])
    assert loaded.optimizer["count"] == 10 and loaded.optimizer["moments"][1] == {"x": None}
    back = loaded.training
    assert torch.equal(back["rng"], saved.training["rng"])
    for name in ("env", "empty", "big", "mean"):
        assert back[name] == saved.training[name]
    for name in ("flag", "scalar"):
        assert np.array_equal(back[name], saved.training[name])
        assert back[name].dtype == saved.training[name].dtype
    assert np.array_equal(back["obs"]["where"], saved.training["obs"]["where"])


def test_only_the_wanted_part_is_read(tmp_path):
    path = checkpoint.save(tmp_path, make())
    (path / "optimizer.safetensors").unlink()
    loaded = checkpoint.load(path, ("model",))
    assert loaded.training is None and loaded.optimizer is None and loaded.model


def test_the_newest_k_are_kept(tmp_path):
    for step in (1, 2, 30, 4, 5):
        checkpoint.save(tmp_path, make(step), keep=3)
    names = [path.name for path in checkpoint.list_checkpoints(tmp_path)]
    assert names == ["step_000000000004", "step_000000000005", "step_000000000030"]
    assert checkpoint.latest(tmp_path).name == "step_000000000030"


def test_a_step_saved_twice_holds_the_second(tmp_path):
    checkpoint.save(tmp_path, make())
    second = make()
    second.optimizer["count"] = 11
    path = checkpoint.save(tmp_path, second)
    assert checkpoint.load(path).optimizer["count"] == 11
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_an_object_that_would_need_pickle_is_refused_by_path():
    with pytest.raises(TypeError, match=r"Generator \(at /env/rng\)"):
        split({"env": {"rng": np.random.default_rng()}})


def test_dicts_that_look_like_markers_come_back_as_themselves():
    tree = {"tensor": "x", "dict": {"array": [1, {"bytes": "y"}]}}
    rest, table = split(tree)
    assert join(json.loads(json.dumps(rest)), table) == tree


@pytest.mark.parametrize("name", ["state.json", "model.safetensors", "training.safetensors"])
def test_damage_is_named_not_raised_as_a_parser_error(tmp_path, name):
    path = checkpoint.save(tmp_path, make())
    (path / name).write_bytes((path / name).read_bytes()[:20])
    with pytest.raises(CheckpointError, match=f"{path.name} is damaged"):
        checkpoint.load(path)


def test_a_missing_file_is_named(tmp_path):
    path = checkpoint.save(tmp_path, make())
    (path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        checkpoint.load(path)


def test_a_checkpoint_of_a_newer_format_is_refused(tmp_path):
    path = checkpoint.save(tmp_path, make())
    state = json.loads((path / "state.json").read_text())
    (path / "state.json").write_text(json.dumps({**state, "version": 99}))
    with pytest.raises(CheckpointError, match="format version 99"):
        checkpoint.load(path)


def test_spaces_that_differ_are_named_with_both_values():
    other = json.loads(json.dumps(SPEC))
    other["observation"]["screen"]["shape"] = [64, 64, 3]
    other["observation"]["text"] = {"shape": [200], "dtype": "uint8"}
    compare_specs(SPEC, json.loads(json.dumps(SPEC)), "here")
    with pytest.raises(SpacesMismatchError) as error:
        compare_specs(SPEC, other, "runs/x/step_1")
    message = str(error.value)
    assert "observation.screen.shape: checkpoint [72, 80, 1], here [64, 64, 3]" in message
    assert "observation.text.dtype: checkpoint nothing, here uint8" in message
    assert "action" not in message.replace("runs/x", "")


def test_a_directory_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(CheckpointError, match="Could not write the checkpoint"):
        checkpoint.save(tmp_path / "file" / "checkpoints", make())


def test_deleting_an_old_checkpoint_takes_its_name_away_first(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, make(1), keep=1)

    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, make(2), keep=1)
    assert [path.name for path in checkpoint.list_checkpoints(tmp_path)] == ["step_000000000002"]
    monkeypatch.undo()
    checkpoint.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step_000000000002"]


WRITER = """
import sys, torch
from pathlib import Path
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.checkpoint import Checkpoint
torch.set_num_threads(1)
print("ready", flush=True)
step = {start}
while True:
    step += 1
    model = {{"weight": torch.full((500_000,), float(step))}}
    checkpoint.save(Path({path!r}), Checkpoint(step // 2, {{}}, model, {{"step": step}}, None), 2)
"""


def test_kill_9_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    rng = np.random.default_rng(0)
    for attempt in range(5):
        code = WRITER.format(path=str(tmp_path), start=attempt * 100_000)
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        while not attempt and checkpoint.latest(tmp_path) is None:
            time.sleep(0.01)  # a busy machine takes its time for the first one
        time.sleep(float(rng.uniform(0.05, 0.3)))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        checkpoint.sweep(tmp_path)
        for path in checkpoint.list_checkpoints(tmp_path):
            loaded = checkpoint.load(path)
            assert loaded.optimizer["step"] // 2 == loaded.step
            assert (loaded.model["weight"] == loaded.optimizer["step"]).all()
    assert checkpoint.latest(tmp_path) is not None
    assert all(path.name.startswith("step_") for path in tmp_path.iterdir())
