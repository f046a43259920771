"""Settings of a hybrid run."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from dreamer_agent import LogConfig
from pydantic import ConfigDict

from hybrid_ppo.errors import ConfigError

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class PPOConfig:
    """Stable-Baselines3's PPO, by its own names."""

    __pydantic_config__ = _STRICT

    algorithm: Literal["ppo", "maskable", "recurrent"] = "ppo"
    """"maskable" (masks of the environment) and "recurrent" (a memory of the policy's own, beside
    the world model's) are sb3-contrib's: pip install "hybrid-ppo[contrib]"."""
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
    lstm_size: int = 256
    """Width of the recurrent policy's memory."""


@dataclass(frozen=True)
class CoTrainConfig:
    """How the world model learns beside PPO (``--no-freeze-world-model``)."""

    __pydantic_config__ = _STRICT

    updates_per_rollout: int = 16
    """World-model updates after each rollout."""
    batch_size: int = 16
    """Sequences in a batch."""
    sequence_length: int = 32
    """Rows of a sequence."""
    capacity: int = 500_000
    """Rows the replay keeps."""
    refilter_steps: int = 64
    """Environment steps that are filtered again after each change of the model; what came before
    them stays as it was filtered then."""
    slow_rate: float = 1.0
    """PPO acts on a copy of the world model that follows it by this share with each update; 1 acts
    on the world model itself."""
    refresh_below: float = 0.0
    """PPO learns on the rollout's features filtered again, where their mean cosine with those it
    acted on (``drift/cosine``) is below this; 0 never, above 1 always."""


_LEAST = {
    "steps": 1,
    "num_envs": 1,
    "pretrain_steps": 0,
    "video_every_steps": 0,
    "seed": 0,
    "ppo.n_steps": 1,
    "ppo.batch_size": 2,  # advantages are normalised within a minibatch
    "ppo.n_epochs": 1,
    "ppo.gamma": 0,
    "ppo.gae_lambda": 0,
    "ppo.ent_coef": 0,
    "ppo.lstm_size": 1,
    "save_every_s": 0,
    "keep_checkpoints": 1,
    "cotrain.updates_per_rollout": 1,
    "cotrain.batch_size": 1,
    "cotrain.sequence_length": 2,
    "cotrain.capacity": 1,
    "cotrain.refilter_steps": 1,
    "cotrain.refresh_below": 0,
}
_MOST = {"seed": 2**31, "ppo.gamma": 1, "ppo.gae_lambda": 1}


@dataclass(frozen=True)
class HybridConfig:
    """PPO on the features of a Dreamer world model."""

    __pydantic_config__ = _STRICT

    world_model: Path | None = None
    """Run directory of ``dreamer train``, or a checkpoint in it; the newest one is copied into the
    run. Left out, a world model is made for ``env``."""
    env: str | None = None
    """Without a world model: Gymnasium id, "module:Id-v0" imports the module first."""
    pretrain_steps: int = 10_000
    """Without a world model: steps of random play it learns from first; 0 leaves it untrained."""
    preset: Literal["paper", "published", "notes"] = "paper"
    """Without a world model: settings of the one to make, as in ``dreamer train``."""
    size: Literal["xs", "1m", "12m", "25m", "50m", "100m", "200m", "400m"] = "1m"
    """Without a world model: its size."""
    pretrain: Annotated[dict[str, Any], tyro.conf.Suppress] = field(default_factory=dict)
    """Settings of ``dreamer train`` laid over preset and size; of a configuration file only."""
    run_dir: Path = Path("runs/hybrid")
    """Where checkpoints, settings and the log go."""
    steps: int = 50_000
    """Environment steps over all environments."""
    num_envs: int = 2
    """Environments stepped together."""
    freeze_world_model: bool = True
    """Leave the world model as it is; otherwise it learns between rollouts."""
    include_raw: tuple[str, ...] = ()
    """Observation keys the policy sees beside the features."""
    seed: int = 0
    device: str = "auto"
    """"auto" (CUDA if there is one), "cpu", "cuda", "cuda:1", "mps"."""
    stop_after_minutes: float | None = None
    """Stop (saving) after this much wall-clock time in this process, if given."""
    video_every_steps: int = 10_000
    """Environment steps between dream videos of a world model that learns; 0: none."""
    save_every_s: float = 120.0
    """Seconds between checkpoints; one more is written at the end and on Ctrl-C."""
    keep_checkpoints: int = 3
    """Newest checkpoints kept."""
    ppo: PPOConfig = field(default_factory=PPOConfig)
    cotrain: CoTrainConfig = field(default_factory=CoTrainConfig)
    log: LogConfig = field(default_factory=LogConfig)

    @property
    def env_steps(self) -> int:
        """Environment steps over all environments, by the name dreamer-agent has for them."""
        return self.steps

    def __post_init__(self) -> None:
        """Check what can be checked before anything is built.

        Raises:
            ConfigError: A number is out of range.
        """
        for name, least in _LEAST.items():
            if not (value := attrgetter(name)(self)) >= least:
                raise ConfigError(f"{name} is {value}; it must be at least {least}.")
        for name, most in _MOST.items():
            if (value := attrgetter(name)(self)) > most:
                raise ConfigError(f"{name} is {value}; it must be at most {most}.")
        if self.stop_after_minutes is not None and not self.stop_after_minutes > 0:
            raise ConfigError(
                f"stop_after_minutes is {self.stop_after_minutes}; it must be above 0."
            )
        if not self.ppo.learning_rate > 0:
            raise ConfigError(f"ppo.learning_rate is {self.ppo.learning_rate}; it must be above 0.")
        if not 0 < self.cotrain.slow_rate <= 1:
            raise ConfigError(
                f"cotrain.slow_rate is {self.cotrain.slow_rate}; it must be above 0, at most 1."
            )
        if any(width < 1 for width in self.ppo.units):
            raise ConfigError(f"ppo.units is {self.ppo.units}; every layer needs at least 1 unit.")
        if self.ppo.n_steps * self.num_envs < 2:
            raise ConfigError(
                f"A rollout of ppo.n_steps={self.ppo.n_steps} in num_envs={self.num_envs} "
                "environment is one step; PPO needs at least 2. Raise either."
            )
