"""Stable-Baselines3 PPO on the features of a Dreamer world model."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hybrid_ppo.action_mask import ActionMaskWrapper
from hybrid_ppo.algorithm import make_ppo
from hybrid_ppo.config import CoTrainConfig, HybridConfig, PPOConfig
from hybrid_ppo.cotrain import WorldModelCallback
from hybrid_ppo.errors import (
    ConfigError,
    HybridError,
    NotLatentError,
    ObservationKeyError,
    PretrainingStopped,
)
from hybrid_ppo.evaluate import evaluate, load_run
from hybrid_ppo.latent_env import LatentBox, WorldModelVecEnv
from hybrid_ppo.policy import DreamerPPOMultiInputPolicy, DreamerPPOPolicy
from hybrid_ppo.record import RowRecorder
from hybrid_ppo.train import load_config, train
from hybrid_ppo.vector_env import VectorEnvAdapter

if TYPE_CHECKING:
    from hybrid_ppo.contrib import (
        DreamerMaskablePPOMultiInputPolicy as DreamerMaskablePPOMultiInputPolicy,
    )
    from hybrid_ppo.contrib import DreamerMaskablePPOPolicy as DreamerMaskablePPOPolicy
    from hybrid_ppo.contrib import (
        DreamerRecurrentPPOMultiInputPolicy as DreamerRecurrentPPOMultiInputPolicy,
    )
    from hybrid_ppo.contrib import DreamerRecurrentPPOPolicy as DreamerRecurrentPPOPolicy

__version__ = "0.1.0"

_CONTRIB = (  # these need sb3-contrib, so they are imported with their first use
    "DreamerMaskablePPOMultiInputPolicy",
    "DreamerMaskablePPOPolicy",
    "DreamerRecurrentPPOMultiInputPolicy",
    "DreamerRecurrentPPOPolicy",
)

__all__ = [
    "ActionMaskWrapper",
    "CoTrainConfig",
    "ConfigError",
    "DreamerMaskablePPOMultiInputPolicy",
    "DreamerMaskablePPOPolicy",
    "DreamerPPOMultiInputPolicy",
    "DreamerPPOPolicy",
    "DreamerRecurrentPPOMultiInputPolicy",
    "DreamerRecurrentPPOPolicy",
    "HybridConfig",
    "HybridError",
    "LatentBox",
    "NotLatentError",
    "ObservationKeyError",
    "PPOConfig",
    "PretrainingStopped",
    "RowRecorder",
    "VectorEnvAdapter",
    "WorldModelCallback",
    "WorldModelVecEnv",
    "evaluate",
    "load_config",
    "load_run",
    "make_ppo",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _CONTRIB:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        contrib = importlib.import_module("hybrid_ppo.contrib")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{name} needs sb3-contrib ({error}): pip install "hybrid-ppo[contrib]"'
        ) from error
    return getattr(contrib, name)
