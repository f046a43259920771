"""DreamerV3 in PyTorch for multi-modal observations: images, masks, text and vectors.

Importing the package is cheap: torch is loaded with the first name that needs it. Beside what
trains and loads agents, the names are the parts that trainers are made of (RunDirectory, Keeper,
EpisodeRows, Logger …), for programs that learn with a world model in ways of their own.
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
    from dreamer_agent.dream.film import film as film
    from dreamer_agent.envs.episode_rows import EpisodeRows as EpisodeRows
    from dreamer_agent.errors import CheckpointError as CheckpointError
    from dreamer_agent.errors import ConfigError as ConfigError
    from dreamer_agent.errors import DreamerError as DreamerError
    from dreamer_agent.errors import EnvError as EnvError
    from dreamer_agent.errors import RunDirectoryError as RunDirectoryError
    from dreamer_agent.errors import SpaceError as SpaceError
    from dreamer_agent.logging import Logger as Logger
    from dreamer_agent.logging.jsonl import JsonlSink as JsonlSink
    from dreamer_agent.logging.open import open_sinks as open_sinks
    from dreamer_agent.logging.terminal import Terminal as Terminal
    from dreamer_agent.model.world_model import WorldModel as WorldModel
    from dreamer_agent.presets import preset as preset
    from dreamer_agent.replay import Batch as Batch
    from dreamer_agent.replay import Replay as Replay
    from dreamer_agent.replay import ReplayConfig as ReplayConfig
    from dreamer_agent.replay import make_row as make_row
    from dreamer_agent.run_dir.checkpoint import Checkpoint as Checkpoint
    from dreamer_agent.run_dir.directory import RunDirectory as RunDirectory
    from dreamer_agent.run_dir.loading import Loaded as Loaded
    from dreamer_agent.run_dir.loading import load as load
    from dreamer_agent.run_dir.loading import load_config as load_config
    from dreamer_agent.run_dir.loading import load_run as load_run
    from dreamer_agent.run_dir.loading import split_run_path as split_run_path
    from dreamer_agent.run_dir.mapping import lay_over as lay_over
    from dreamer_agent.run_dir.run_config import read_sealed as read_sealed
    from dreamer_agent.run_dir.run_config import save_sealed as save_sealed
    from dreamer_agent.run_dir.train_config import LogConfig as LogConfig
    from dreamer_agent.run_dir.train_config import TrainConfig as TrainConfig
    from dreamer_agent.run_dir.train_config import preset_config as preset_config
    from dreamer_agent.run_dir.trust import check_trust as check_trust
    from dreamer_agent.run_dir.trust import imported_modules as imported_modules
    from dreamer_agent.run_dir.yaml_file import read_yaml as read_yaml
    from dreamer_agent.training.config_changes import check_unchanged as check_unchanged
    from dreamer_agent.training.device import resolve_device as resolve_device
    from dreamer_agent.training.interrupt import Interrupt as Interrupt
    from dreamer_agent.training.keeping import Keeper as Keeper
    from dreamer_agent.training.metrics import Meter as Meter
    from dreamer_agent.training.offline import train_offline as train_offline
    from dreamer_agent.training.progress import Progress as Progress
    from dreamer_agent.training.recording import Recording as Recording
    from dreamer_agent.training.recording import write_recording as write_recording
    from dreamer_agent.training.schedule import Every as Every
    from dreamer_agent.training.trainer import train as train

__version__ = "0.1.0"

_HOMES = {
    "agent": ("Agent", "AgentState", "Update"),
    "config": ("AgentConfig",),
    "dream.film": ("film",),
    "envs.episode_rows": ("EpisodeRows",),
    "errors": (
        "CheckpointError",
        "ConfigError",
        "DreamerError",
        "EnvError",
        "RunDirectoryError",
        "SpaceError",
    ),
    "logging": ("Logger",),
    "logging.jsonl": ("JsonlSink",),
    "logging.open": ("open_sinks",),
    "logging.terminal": ("Terminal",),
    "model.world_model": ("WorldModel",),
    "presets": ("preset",),
    "replay": ("Batch", "Replay", "ReplayConfig", "make_row"),
    "run_dir.checkpoint": ("Checkpoint",),
    "run_dir.directory": ("RunDirectory",),
    "run_dir.loading": ("Loaded", "load", "load_config", "load_run", "split_run_path"),
    "run_dir.mapping": ("lay_over",),
    "run_dir.run_config": ("read_sealed", "save_sealed"),
    "run_dir.train_config": ("LogConfig", "TrainConfig", "preset_config"),
    "run_dir.trust": ("check_trust", "imported_modules"),
    "run_dir.yaml_file": ("read_yaml",),
    "training.offline": ("train_offline",),
    "training.schedule": ("Every",),
    "training.config_changes": ("check_unchanged",),
    "training.device": ("resolve_device",),
    "training.interrupt": ("Interrupt",),
    "training.keeping": ("Keeper",),
    "training.metrics": ("Meter",),
    "training.progress": ("Progress",),
    "training.recording": ("Recording", "write_recording"),
    "training.trainer": ("train",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "AgentConfig",
    "AgentState",
    "Batch",
    "Checkpoint",
    "CheckpointError",
    "ConfigError",
    "DreamerError",
    "EnvError",
    "EpisodeRows",
    "Every",
    "Interrupt",
    "JsonlSink",
    "Keeper",
    "Loaded",
    "LogConfig",
    "Logger",
    "Meter",
    "Progress",
    "Recording",
    "Replay",
    "ReplayConfig",
    "RunDirectory",
    "RunDirectoryError",
    "SpaceError",
    "Terminal",
    "TrainConfig",
    "Update",
    "WorldModel",
    "check_trust",
    "check_unchanged",
    "film",
    "imported_modules",
    "lay_over",
    "load",
    "load_config",
    "load_run",
    "make_row",
    "open_sinks",
    "preset",
    "preset_config",
    "read_sealed",
    "read_yaml",
    "resolve_device",
    "save_sealed",
    "split_run_path",
    "train",
    "train_offline",
    "write_recording",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


for _name in ("TMaze", "ReadText"):
    register(f"{_name}-v0", entry_point=f"dreamer_agent.tasks:{_name}")
