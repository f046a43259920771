"""Train stock SB3 PPO on a world model's features: ``train(HybridConfig(...))``."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import yaml
from dreamer_agent import Agent, Replay, ReplayConfig, load, load_config
from gymnasium import spaces
from pydantic import TypeAdapter
from safetensors.torch import load_file, save_file
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecEnv

from hybrid_ppo.action_mask import ActionMaskWrapper
from hybrid_ppo.config import HybridConfig
from hybrid_ppo.cotrain import WorldModelCallback
from hybrid_ppo.errors import ConfigError
from hybrid_ppo.latent_env import WorldModelVecEnv
from hybrid_ppo.policy import DreamerPPOMultiInputPolicy, DreamerPPOPolicy
from hybrid_ppo.record import SINGLE_KEY, RowRecorder

POLICY_FILE = "policy.zip"
WORLD_MODEL_FILE = "world_model.safetensors"
CONFIG_FILE = "config.yaml"


def train(config: HybridConfig) -> Path:
    """Train PPO on the features of the world model in ``config.world_model``.

    Writes ``config.yaml``, ``progress.csv``, ``policy.zip`` and, unless the world model is frozen,
    ``world_model.safetensors``. Ctrl-C ends the training early and still saves.

    Args:
        config: The run's settings.

    Returns:
        The run directory.

    Raises:
        ConfigError: The run directory holds a run already, or cannot be written.
        ObservationKeyError: ``config.include_raw`` names a key the environment does not have.
        DreamerError: ``config.world_model`` is no run with a checkpoint.
    """
    _check_free(config)
    agent = load(config.world_model)
    with ExitStack() as stack:
        venv = make_raw_env(config, agent)
        stack.callback(venv.close)
        replay = None if config.freeze_world_model else _make_replay(config, agent, venv)
        if replay:
            stack.callback(replay.close)
        model = make_ppo(config, wrap(config, venv, agent, replay))
        _create(config)  # last: a start that failed must not leave a directory that looks taken
        _learn(config, agent, model, replay)
    return config.run_dir


def make_raw_env(config: HybridConfig, agent: Agent) -> VecEnv:
    """Make the environments that the world model was trained in."""
    source = load_config(config.world_model)
    return make_vec_env(
        source.env,
        config.num_envs,
        seed=config.seed,
        env_kwargs=dict(source.env_kwargs),
        wrapper_class=partial(ActionMaskWrapper, agent=agent),
    )


def wrap(
    config: HybridConfig, venv: VecEnv, agent: Agent, replay: Replay | None = None
) -> WorldModelVecEnv:
    """Put environments behind the world model's filter.

    Args:
        config: The run's settings.
        venv: The environments.
        agent: Whose world model filters.
        replay: Where every row is recorded; None records nothing.
    """
    return WorldModelVecEnv(
        venv,
        agent,
        include_raw=config.include_raw,
        recorder=RowRecorder(replay) if replay else None,
        history_steps=config.cotrain.refilter_steps if replay else 0,
    )


def make_ppo(config: HybridConfig, env: WorldModelVecEnv) -> PPO:
    """Build stock PPO with the policy that fits the wrapper's observations."""
    ppo = config.ppo
    return PPO(
        DreamerPPOMultiInputPolicy if config.include_raw else DreamerPPOPolicy,
        env,
        learning_rate=ppo.learning_rate,
        n_steps=ppo.n_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        ent_coef=ppo.ent_coef,
        policy_kwargs={"net_arch": list(ppo.units)},
        seed=config.seed,
        device=env.agent.device,
    )


def load_run(run_dir: Path) -> tuple[HybridConfig, Agent, PPO]:
    """Load a finished run: its settings, the agent as it was at the end, and the policy.

    SB3 stores policies with pickle: load only files you trust.

    Args:
        run_dir: What :func:`train` returned.

    Raises:
        ConfigError: There is no finished run in this directory.
    """
    if not (run_dir / POLICY_FILE).exists():
        raise ConfigError(
            f"{run_dir} holds no {POLICY_FILE}. Give the directory `hybrid-ppo train` printed."
        )
    values = yaml.safe_load((run_dir / CONFIG_FILE).read_text())
    config = TypeAdapter(HybridConfig).validate_python(values)
    agent = load(config.world_model)
    if (run_dir / WORLD_MODEL_FILE).exists():
        agent.load_state_dict(load_file(run_dir / WORLD_MODEL_FILE))
    return config, agent, PPO.load(run_dir / POLICY_FILE, device=str(agent.device))


def _learn(config: HybridConfig, agent: Agent, model: PPO, replay: Replay | None) -> None:
    model.set_logger(configure(str(config.run_dir), ["stdout", "csv"]))
    updates = config.cotrain.updates_per_rollout
    callback = WorldModelCallback(agent, replay, updates) if replay else None
    try:
        model.learn(config.steps, callback=callback)
    except KeyboardInterrupt:
        print("Stopped; saving what was learned.")
    finally:
        model.save(config.run_dir / POLICY_FILE)
        if replay:
            save_file(agent.state_dict(), config.run_dir / WORLD_MODEL_FILE)


def _check_free(config: HybridConfig) -> None:
    if (config.run_dir / CONFIG_FILE).exists():
        raise ConfigError(f"{config.run_dir} already holds a run. Choose another --run-dir.")


def _create(config: HybridConfig) -> None:
    values = TypeAdapter(HybridConfig).dump_python(config, mode="json")
    try:
        config.run_dir.mkdir(parents=True, exist_ok=True)
        (config.run_dir / CONFIG_FILE).write_text(yaml.safe_dump(values, sort_keys=False))
    except OSError as error:
        raise ConfigError(
            f"Cannot write to {config.run_dir}: {error.strerror}. Choose another --run-dir."
        ) from None


def _make_replay(config: HybridConfig, agent: Agent, venv: VecEnv) -> Replay:
    settings, rssm = config.cotrain, agent.config.rssm
    space = venv.observation_space
    context_every = min(ReplayConfig.context_every, settings.sequence_length)
    return Replay.for_spaces(
        space if isinstance(space, spaces.Dict) else spaces.Dict({SINGLE_KEY: space}),
        venv.action_space,
        num_streams=config.num_envs,
        batch_size=settings.batch_size,
        sequence_length=settings.sequence_length,
        config=ReplayConfig(capacity=settings.capacity, context_every=context_every),
        latent_sizes=(rssm.deter, rssm.stoch, rssm.classes),
        seed=config.seed,
    )
