"""Whatever a configuration file holds, it is read or refused in words."""

from __future__ import annotations

import pytest
from dreamer_agent.errors import ConfigError
from dreamer_agent.run_dir.train_config import load_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "unfolds"),
        ("env_kwargs: &a {x: *a}", "unfolds"),
        ("env_kwargs: " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("env_kwargs: " + "{a: " * 5000 + "}" * 5000, "nested too deep"),
        ("seed: " + "9" * 5000, "cannot be read"),
        ("env_steps: " + "9" * 400, "64 are enough"),
        ("env_steps: 0x" + "f" * 5000, "64 are enough"),
        ("agent: {optimizer: {lr: .inf}}", "finite"),
        ("replay_ratio: .nan", "finite"),
        ("env_steps: 2024-99-99", "cannot be read"),
        ("env: !!int x", "cannot be read"),
        ("env: !!bool x", "cannot be read"),
        ("env: !!python/object:os.system x", "not valid YAML"),
        ("batch_size: true", "batch_size must be a number"),
        ("stop_after_minutes: yes", "stop_after_minutes must be a number"),
        ("agent: {rssm: {stoch: on}}", "agent.rssm.stoch must be a number"),
        ("replay: {capacity: off}", "replay.capacity must be a number"),
        ("1: 2", "strings"),
        ("agent: 3", "agent"),
        ("log: [1]", "log"),
        ("a: " + "x" * 2**21, "bytes"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_a_file_that_means_nothing_is_refused_in_words(tmp_path, text, words):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as error:
        load_yaml(path)
    assert "c.yaml" in str(error.value) and len(str(error.value)) < 5000


def test_switches_and_values_used_twice_are_read(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("seed: &n 7\nlog: {tensorboard: on}\nthreads: *n\nenv_kwargs: {fast: true}\n")
    config = load_yaml(path)
    assert (config.seed, config.threads, config.log.tensorboard) == (7, 7, True)
    assert config.env_kwargs == {"fast": True}
