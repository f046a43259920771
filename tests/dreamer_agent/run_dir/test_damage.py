"""What lies on disk of a run is whole, or known to be broken."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from dreamer_agent.errors import CheckpointError, ConfigError, RunDirectoryError
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.run_dir.checkpoint import Checkpoint
from dreamer_agent.run_dir.run_config import load_run_config, save_run_config
from dreamer_agent.run_dir.train_config import TrainConfig, dump_yaml

CONFIG = TrainConfig(env="CartPole-v1", seed=7)


@pytest.fixture
def saved(tmp_path):
    model = {"weight": torch.arange(60.0).view(6, 10)}
    training = {"generator": torch.arange(9, dtype=torch.uint8), "counters": [1, 2, {"a": 0.5}]}
    optimizer = {"mean": torch.ones(4)}
    return checkpoint.save(tmp_path, Checkpoint(12, {"a": 1}, model, optimizer, training))


def test_any_changed_byte_of_any_file_of_a_checkpoint_is_noticed(saved):
    rng = np.random.default_rng(0)
    for path in sorted(saved.iterdir()):
        whole = path.read_bytes()
        for place in rng.integers(0, len(whole), 40):
            damaged = bytearray(whole)
            damaged[place] ^= int(rng.integers(1, 256))
            path.write_bytes(damaged)
            if path.suffix == ".json":
                try:
                    if json.loads(damaged) == json.loads(whole):
                        continue  # another way to write the very same fields
                except ValueError:
                    pass
            with pytest.raises(CheckpointError, match=saved.name):
                checkpoint.load(saved)
        path.write_bytes(whole)
    assert checkpoint.load(saved).step == 12


@pytest.mark.parametrize("text", ["[]", "7", "null", "{}", "[" * 100_000])
def test_a_state_that_holds_something_else_is_damage(saved, text):
    (saved / "state.json").write_text(text)
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(saved)


def test_a_checkpoint_from_before_digests_is_read_as_before(saved):
    state = json.loads((saved / "state.json").read_text())
    del state["sha256"], state["state_sha256"]
    (saved / "state.json").write_text(json.dumps(state))
    with pytest.warns(UserWarning, match="without checksums"):
        loaded = checkpoint.load(saved)
    assert torch.equal(loaded.optimizer["mean"], torch.ones(4))


def test_a_runs_settings_come_back_and_their_file_is_replaced_in_one_go(tmp_path):
    path = tmp_path / "config.yaml"
    save_run_config(CONFIG, path)
    assert load_run_config(path) == CONFIG
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_settings_cut_off_anywhere_are_refused_and_never_defaults(tmp_path):
    path = tmp_path / "config.yaml"
    save_run_config(CONFIG, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises((RunDirectoryError, ConfigError), match=r"config\.yaml"):
            load_run_config(path)


def test_settings_of_an_older_run_are_read_and_missing_ones_refused(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(CONFIG))
    assert load_run_config(path) == CONFIG
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        load_run_config(tmp_path / "gone.yaml")
