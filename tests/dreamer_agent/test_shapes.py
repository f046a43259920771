from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
from jaxtyping import install_import_hook
with install_import_hook("dreamer_agent", "beartype.beartype"):
    import numpy as np
    import torch
    torch.set_num_threads(1)
    from batches import HINTS, SMALL_GAME, random_batch
    from dreamer_agent.agent import Agent
    from dreamer_agent.presets import preset
    from gymnasium import spaces

spaces_of_actions = (spaces.MultiDiscrete([2, 3]), spaces.Box(-1, 1, (2,), np.float32))
for name, action_space in zip(("paper", "notes"), spaces_of_actions, strict=True):
    agent = Agent(SMALL_GAME, action_space, preset(name, "xs"), modalities=HINTS)
    batch = random_batch(SMALL_GAME, action_space)
    agent.update(batch)
    obs = {key: value[:, 0] for key, value in batch.obs.items()}
    first = np.ones(3, bool)
    action, state = agent.act(obs, agent.initial_state(3), first)
    agent.features(agent.filter(obs, state, action, ~first).where(first, state))
    agent.world_model.open_loop(batch, 3)
"""


def test_every_annotated_shape_and_dtype_holds_in_an_update_and_in_acting():
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    result = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
