"""Import paths that README and docs have promised, wherever the code lives now."""

from __future__ import annotations

import subprocess
import sys

import pokered_env.observation
import pokered_env.text
from pokered_env.game import text
from pokered_env.task import observation


def test_text_and_observation_are_where_the_docs_said() -> None:
    assert pokered_env.text.decode is text.decode
    assert pokered_env.text.CHARACTERS is text.CHARACTERS
    assert pokered_env.observation.describe_state_layout is observation.describe_state_layout
    assert pokered_env.observation.STATE_LAYOUT is pokered_env.STATE_LAYOUT


def test_conformance_is_run_by_its_promised_name() -> None:
    command = [sys.executable, "-m", "pokered_env.conformance", "--help"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0
    assert "python -m pokered_env.conformance" in result.stdout
