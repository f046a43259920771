"""Stable-Baselines3 PPO on the features of a Dreamer world model."""

from hybrid_ppo.action_mask import ActionMaskWrapper
from hybrid_ppo.config import CoTrainConfig, HybridConfig, PPOConfig
from hybrid_ppo.cotrain import WorldModelCallback
from hybrid_ppo.errors import ConfigError, HybridError, NotLatentError, ObservationKeyError
from hybrid_ppo.evaluate import evaluate
from hybrid_ppo.latent_env import LatentBox, WorldModelVecEnv
from hybrid_ppo.policy import DreamerPPOMultiInputPolicy, DreamerPPOPolicy
from hybrid_ppo.record import RowRecorder
from hybrid_ppo.train import load_run, make_ppo, train

__version__ = "0.1.0"

__all__ = [
    "ActionMaskWrapper",
    "CoTrainConfig",
    "ConfigError",
    "DreamerPPOMultiInputPolicy",
    "DreamerPPOPolicy",
    "HybridConfig",
    "HybridError",
    "LatentBox",
    "NotLatentError",
    "ObservationKeyError",
    "PPOConfig",
    "RowRecorder",
    "WorldModelCallback",
    "WorldModelVecEnv",
    "evaluate",
    "load_run",
    "make_ppo",
    "train",
]
