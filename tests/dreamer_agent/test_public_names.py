"""What ``dreamer_agent`` offers, and that looking at it costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys

import dreamer_agent


def test_every_public_name_is_there_and_documented():
    assert set(dreamer_agent.__all__) == set(dreamer_agent._HOME_OF)
    for name in dreamer_agent.__all__:
        value = getattr(dreamer_agent, name)
        assert inspect.isclass(value) or inspect.isfunction(value), name
        assert (value.__doc__ or "").strip(), name


def test_names_stay_what_they_are_whatever_was_imported_first():
    code = (
        "import dreamer_agent.cli, dreamer_agent.training.trainer, inspect\n"
        "import dreamer_agent.run_dir.loading\n"
        "import dreamer_agent.commands, dreamer_agent.training.offline\n"
        "import dreamer_agent\n"
        "for name in dreamer_agent.__all__:\n"
        "    assert not inspect.ismodule(getattr(dreamer_agent, name)), name\n"
        "from dreamer_agent import train, load\n"
        "assert callable(train) and callable(load)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_loads_neither_torch_nor_wandb():
    code = (
        "import sys, dreamer_agent; "
        "assert not {'torch', 'wandb', 'tensorboard'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(dreamer_agent, "nonsense")
