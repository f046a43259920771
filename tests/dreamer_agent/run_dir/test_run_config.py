"""The settings of a run are those it was written with, or refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml
from dreamer_agent.cli import main
from dreamer_agent.errors import ConfigError, RunDirectoryError
from dreamer_agent.run_dir.run_config import load_run_config, save_run_config
from dreamer_agent.run_dir.train_config import TrainConfig

CONFIG = TrainConfig(env="Acrobot-v1", seed=7, env_kwargs={"render_mode": None})


@pytest.fixture
def path(tmp_path):
    save_run_config(CONFIG, tmp_path / "config.yaml")
    return tmp_path / "config.yaml"


def plain(config):
    return yaml.safe_dump(dataclasses.asdict(config), sort_keys=False)


def test_settings_come_back_and_nothing_is_left_beside_them(path):
    assert load_run_config(path) == CONFIG
    assert list(path.parent.iterdir()) == [path]


def test_cut_off_anywhere_they_are_refused_or_all_there(path):
    whole = path.read_bytes()
    body = len(plain(CONFIG).encode())
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            assert load_run_config(path) == CONFIG and length >= body - 1
        except (ConfigError, RunDirectoryError) as error:
            assert str(path) in str(error)


def test_any_byte_changed_they_are_refused_or_the_same(path):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for place in rng.integers(0, len(whole), 120):
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            assert load_run_config(path) == CONFIG
        except (ConfigError, RunDirectoryError):
            refused += 1
    assert refused > 100


def test_settings_edited_by_hand_are_read_without_their_last_line(path):
    edited = path.read_text().replace("seed: 7", "seed: 8")
    path.write_text(edited)
    with pytest.raises(RunDirectoryError, match="delete its last line"):
        load_run_config(path)
    path.write_text("".join(edited.splitlines(keepends=True)[:-1]))
    assert load_run_config(path) == dataclasses.replace(CONFIG, seed=8)


def test_settings_of_an_earlier_version_are_read_and_what_they_lack_is_said(path):
    path.write_text(plain(CONFIG))
    assert load_run_config(path) == CONFIG
    values = dataclasses.asdict(CONFIG)
    del values["replay"]["burn_in"]
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    with pytest.warns(UserWarning, match=r"does not hold replay\.burn_in"):
        assert load_run_config(path) == CONFIG


@pytest.mark.parametrize("text", ["", "seed: 7\n", "[]\n", "{}\n"])
def test_settings_that_would_become_defaults_are_refused(path, text, capsys):
    path.write_text(text)
    assert main(["train", "--resume", str(path.parent)]) == 2
    assert "config.yaml" in capsys.readouterr().err
    assert path.read_text() == text
