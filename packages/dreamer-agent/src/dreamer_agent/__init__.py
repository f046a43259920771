"""DreamerV3 in PyTorch for multi-modal observations: images, masks, text and vectors.

Importing the package is cheap: torch is loaded with the first name that needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register

if TYPE_CHECKING:
    from dreamer_agent.agent import Agent as Agent
    from dreamer_agent.agent import AgentState as AgentState
    from dreamer_agent.agent import Update as Update
    from dreamer_agent.config import AgentConfig as AgentConfig
    from dreamer_agent.envs.episode_rows import EpisodeRows as EpisodeRows
    from dreamer_agent.errors import CheckpointError as CheckpointError
    from dreamer_agent.errors import ConfigError as ConfigError
    from dreamer_agent.errors import DreamerError as DreamerError
    from dreamer_agent.errors import SpaceError as SpaceError
    from dreamer_agent.model.world_model import WorldModel as WorldModel
    from dreamer_agent.presets import preset as preset
    from dreamer_agent.replay import Batch as Batch
    from dreamer_agent.replay import Replay as Replay
    from dreamer_agent.replay import ReplayConfig as ReplayConfig
    from dreamer_agent.replay import make_row as make_row
    from dreamer_agent.run_dir.loading import load as load
    from dreamer_agent.run_dir.loading import load_config as load_config
    from dreamer_agent.run_dir.train_config import LogConfig as LogConfig
    from dreamer_agent.run_dir.train_config import TrainConfig as TrainConfig
    from dreamer_agent.training.trainer import train as train

__version__ = "0.1.0"

_HOMES = {
    "agent": ("Agent", "AgentState", "Update"),
    "config": ("AgentConfig",),
    "envs.episode_rows": ("EpisodeRows",),
    "errors": ("CheckpointError", "ConfigError", "DreamerError", "SpaceError"),
    "run_dir.loading": ("load", "load_config"),
    "presets": ("preset",),
    "replay": ("Batch", "Replay", "ReplayConfig", "make_row"),
    "run_dir.train_config": ("LogConfig", "TrainConfig"),
    "training.trainer": ("train",),
    "model.world_model": ("WorldModel",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "AgentConfig",
    "AgentState",
    "Batch",
    "CheckpointError",
    "ConfigError",
    "DreamerError",
    "EpisodeRows",
    "LogConfig",
    "Replay",
    "ReplayConfig",
    "SpaceError",
    "TrainConfig",
    "Update",
    "WorldModel",
    "load",
    "load_config",
    "make_row",
    "preset",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


for _name in ("TMaze", "ReadText"):
    register(f"{_name}-v0", entry_point=f"dreamer_agent.tasks:{_name}")
