"""Configuration of a run: typed, frozen, saved as YAML beside what the run writes.

Order of precedence: field defaults < ``--preset``/``--size`` < ``--config`` YAML < flags.
Importing this module imports no torch.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
import yaml
from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass

from dreamer_agent.config import AgentConfig
from dreamer_agent.envs.vector import Vectorization
from dreamer_agent.errors import ConfigError
from dreamer_agent.presets import Preset, Size, preset
from dreamer_agent.replay import ReplayConfig
from dreamer_agent.run_dir.mapping import describe_errors, lay_over
from dreamer_agent.run_dir.yaml_file import parse_yaml, read_text

__all__ = [
    "LogConfig",
    "TrainConfig",
    "dump_yaml",
    "from_mapping",
    "load_yaml",
    "parse_flags",
    "preset_config",
]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

Json = Annotated[
    dict[str, Any],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="JSON",
        instance_from_str=lambda args: json.loads(args[0]),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda value: [json.dumps(value)],
    ),
]


@dataclass(frozen=True, config=_STRICT)
class LogConfig:
    """Where numbers and videos go; metrics.jsonl is always written."""

    every_steps: PositiveInt = 100
    """Environment steps between two lines of metrics (means over the steps between)."""
    tensorboard: bool = False
    """Also write TensorBoard files (needs the extra: pip install "dreamer-agent[tensorboard]")."""
    wandb: Literal["off", "offline", "online"] = "off"
    """Also log to Weights & Biases; a failed login falls back to offline."""
    wandb_project: str = "dreamer"
    """Project name on Weights & Biases."""
    wandb_name: str | None = None
    """Run name on Weights & Biases; the run directory's name if left out."""


@dataclass(frozen=True, config=_STRICT)
class TrainConfig:
    """A training run."""

    env: str = "CartPole-v1"
    """Gymnasium id; "module:Id-v0" imports the module first (e.g. pokered_env:PokeRed-v0)."""
    env_kwargs: Json = field(default_factory=dict)
    """Arguments of the environment, e.g. '{"max_steps": 2048}'."""
    wrappers: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """"module:function", called with each environment and returning the wrapped one; repeat the
    flag for several, the first one innermost."""
    num_envs: PositiveInt = 1
    """Environments stepped side by side."""
    vectorization: Vectorization = "auto"
    """"own": the environment's vector version; "sync": one process; "async": a process each;
    "auto": "own" if runs on it can be resumed exactly, else "sync"."""
    run_dir: str | None = None
    """Where to write; runs/<env>-<date>-<time> if left out."""
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    """Root of all randomness: weights, actions, environments, sampling."""
    env_steps: PositiveInt = 1_000_000
    """Stop after this many environment steps over all environments."""
    stop_after_minutes: PositiveFloat | None = None
    """Stop (saving) after this much wall-clock time in this process, if given."""
    batch_size: PositiveInt = 16
    """Sequences per update (B)."""
    sequence_length: PositiveInt = 64
    """Rows per sequence (T)."""
    replay_ratio: NonNegativeFloat = 32.0
    """Replayed steps per environment step: an update replays batch_size * sequence_length."""
    prefill_steps: NonNegativeInt = 1024
    """Environment steps before the first update (actions of the untrained policy)."""
    eval_every_steps: NonNegativeInt = 0
    """Environment steps between evaluations in an environment of their own; 0: none."""
    eval_episodes: PositiveInt = 5
    """Episodes per evaluation."""
    eval_mode: Literal["sample", "greedy"] = "greedy"
    """Sample actions in evaluation, or take the most likely."""
    video_every_steps: NonNegativeInt = 10_000
    """Environment steps between dream videos (real | predicted | error); 0: none."""
    save_every_s: PositiveFloat = 120.0
    """Seconds between checkpoints; one more is written at the end and on Ctrl-C."""
    keep_checkpoints: PositiveInt = 3
    """Newest checkpoints kept."""
    device: str = "auto"
    """"auto" (CUDA if there is one), "cpu", "cuda", "cuda:1", "mps"."""
    threads: NonNegativeInt = 0
    """Torch's CPU threads for updates; 0: torch's default (less those that act, with collect:
    beside), kept for the whole run."""
    acting_threads: PositiveInt = 1
    """Torch's CPU threads for choosing actions: for a few environments one is quickest."""
    collect: Literal["between", "beside"] = "between"
    """"between" updates, or "beside" them, in a thread: the weights before an update act while it
    runs. As repeatable, and quicker where a core is free for it."""
    agent: AgentConfig = AgentConfig()
    replay: ReplayConfig = ReplayConfig()
    log: LogConfig = LogConfig()

    @model_validator(mode="after")
    def _parts_fit_together(self) -> TrainConfig:
        length, last = self.sequence_length, self.agent.imagination.last
        if last > length:
            raise ValueError(
                f"agent.imagination.last={last} must be at most sequence_length={length}"
            )
        # starts are context_every apart, so fewer rows do not always hold a whole sequence
        needed = self.num_envs * (length + max(1, self.replay.context_every) - 1)
        if self.replay.capacity < needed:
            raise ValueError(
                f"replay.capacity={self.replay.capacity} must be at least {needed}, so that there "
                f"is room for a sequence of each of num_envs={self.num_envs} environments "
                f"(sequence_length={length}, replay.context_every={self.replay.context_every})"
            )
        return self

    @property
    def steps_per_update(self) -> int:
        """Rows one update replays."""
        return self.batch_size * self.sequence_length

    @property
    def latent_sizes(self) -> tuple[int, int, int]:
        """(D, S, C) of the agent's state."""
        return self.agent.rssm.deter, self.agent.rssm.stoch, self.agent.rssm.classes


_DESCRIPTION = """Learn in an environment, into a run directory.

Read before the options below, in this order: --preset {paper,published,notes} and --size
{xs,1m,12m,25m,50m,100m,200m,400m} choose the agent; --config FILE is YAML with any of the options
(agent: {rssm: {deter: 512}}). --resume RUN continues a run; --offline REPLAY learns the world
model from a stored replay, without an environment. --trust: a config.yaml or FILE of
another user may name modules to import (env, wrappers); what is imported is printed first."""


def preset_config(name: Preset = "paper", size: Size = "1m") -> TrainConfig:
    """Build the run configuration of a preset.

    Args:
        name: ``paper``; ``published``, which keeps more rows, starts sequences at any of them and
            evaluates by sampling; or ``notes``, whose sequences stay within episodes and start from
            the zero state.
        size: Model size.
    """
    agent = preset(name, size)
    replay = ReplayConfig(context_every=_context_every(agent.rssm.deter))
    if name == "notes":
        replay = dataclasses.replace(replay, boundary="within", context_every=0)
    if name == "published":
        replay = dataclasses.replace(replay, context_every=1, capacity=5_000_000)
        return TrainConfig(agent=agent, replay=replay, eval_mode="sample")
    return TrainConfig(agent=agent, replay=replay)


def _context_every(deter: int) -> int:
    """Return after how many rows a latent is kept: large ones more rarely, at about equal cost."""
    return 8 if deter <= 1024 else 16 if deter <= 3072 else 32


def from_mapping(
    values: Mapping[str, Any], base: TrainConfig | None = None, where: str = "The configuration"
) -> TrainConfig:
    """Build a configuration from nested plain values laid over ``base``.

    Args:
        values: What a YAML file holds; fields left out keep their value in ``base``.
        base: Where the other values come from (default: the field defaults).
        where: Named in errors.

    Raises:
        ConfigError: A field is unknown or has a bad value; every such field is named.
    """
    return lay_over(base or TrainConfig(), values, where)


def load_yaml(path: Path, base: TrainConfig | None = None) -> TrainConfig:
    """Read a YAML file over ``base``.

    Raises:
        ConfigError: The file is missing, not YAML, or has a bad field.
    """
    return from_mapping(parse_yaml(read_text(path), path), base, str(path))


def parse_flags(arguments: Sequence[str], base: TrainConfig) -> TrainConfig:
    """Lay command-line flags (``--agent.rssm.deter 512``) over ``base``.

    Unknown flags and bad values end the program with a message, as command lines do.
    """
    try:
        return tyro.cli(
            TrainConfig,
            args=list(arguments),
            default=base,
            prog="dreamer train",
            description=_DESCRIPTION,
            config=(tyro.conf.FlagConversionOff,),
        )
    except ValidationError as error:
        raise ConfigError(describe_errors(error, "The command line", base)) from None


def dump_yaml(config: TrainConfig) -> str:
    """Return a configuration as ``load_yaml`` reads it."""
    return str(yaml.safe_dump(dataclasses.asdict(config), sort_keys=False))
