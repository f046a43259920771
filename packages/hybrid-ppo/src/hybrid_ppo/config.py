"""Settings of a hybrid run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hybrid_ppo.errors import ConfigError


@dataclass(frozen=True)
class PPOConfig:
    """Stable-Baselines3's PPO, by its own names."""

    n_steps: int = 256
    """Environment steps of each environment per rollout."""
    batch_size: int = 128
    """Minibatch size."""
    n_epochs: int = 4
    """Passes over a rollout."""
    learning_rate: float = 3e-4
    gamma: float = 0.997
    gae_lambda: float = 0.95
    ent_coef: float = 0.01
    units: tuple[int, ...] = (256, 256)
    """Hidden layers of the policy and of the value network."""


@dataclass(frozen=True)
class CoTrainConfig:
    """How the world model learns beside PPO (``--no-freeze-world-model``)."""

    updates_per_rollout: int = 16
    """World-model updates after each rollout."""
    batch_size: int = 16
    """Sequences in a batch."""
    sequence_length: int = 32
    """Rows of a sequence."""
    capacity: int = 500_000
    """Rows the replay keeps."""
    refilter_steps: int = 64
    """How far back the environments' states are filtered again after each change of the model."""


@dataclass(frozen=True)
class HybridConfig:
    """PPO on the features of a Dreamer world model."""

    world_model: Path
    """Run directory of ``dreamer train``; its newest checkpoint is used."""
    run_dir: Path = Path("runs/hybrid")
    """Where the policy, the settings and the log go."""
    steps: int = 50_000
    """Environment steps over all environments."""
    num_envs: int = 2
    """Environments stepped together."""
    freeze_world_model: bool = True
    """Leave the world model as it is; otherwise it learns between rollouts."""
    include_raw: tuple[str, ...] = ()
    """Observation keys the policy sees beside the features."""
    seed: int = 0
    ppo: PPOConfig = field(default_factory=PPOConfig)
    cotrain: CoTrainConfig = field(default_factory=CoTrainConfig)

    def __post_init__(self) -> None:
        """Check what can be checked before anything is built.

        Raises:
            ConfigError: A number is out of range.
        """
        positive = {
            "steps": self.steps,
            "num_envs": self.num_envs,
            "ppo.n_steps": self.ppo.n_steps,
            "cotrain.sequence_length": self.cotrain.sequence_length,
        }
        for name, value in positive.items():
            if value < 1:
                raise ConfigError(f"{name} is {value}; it must be at least 1.")
