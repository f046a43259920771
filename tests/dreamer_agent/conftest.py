"""One thread per test process, and the environments of these tests importable by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "dreamer_agent", deadline=None
)  # a busy machine is no fault of an example
settings.load_profile("dreamer_agent")


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)
