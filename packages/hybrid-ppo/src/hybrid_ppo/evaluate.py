"""Score a hybrid run in fresh episodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dreamer_agent import Agent, Loaded, RunDirectory
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from hybrid_ppo.algorithm import algorithm_class, make_ppo
from hybrid_ppo.config import HybridConfig
from hybrid_ppo.errors import ConfigError
from hybrid_ppo.latent_env import WorldModelVecEnv
from hybrid_ppo.run_parts import load_weights, load_world_model, wrap
from hybrid_ppo.train import load_config
from hybrid_ppo.vector_env import VectorEnvAdapter
from hybrid_ppo.world_model_copy import check_world_model, place_of


def load_run(
    run_dir: Path | str, *, trust: bool = False
) -> tuple[HybridConfig, Agent, OnPolicyAlgorithm]:
    """Load a run's newest checkpoint: its settings, its agent and its policy. Runs no code of it.

    Args:
        run_dir: What :func:`hybrid_ppo.train` returned.
        trust: Import what the run's settings name although another user owns them.

    Raises:
        RunDirectoryError: There is no run in this directory, or it has no checkpoint.
        CheckpointError: No checkpoint can be read.
        ConfigError: The run's copy of its world model is another one.
    """
    config, loaded, env, model = _load(Path(run_dir), 0, trust)
    env.close()
    return config, loaded.agent, model


def evaluate(
    run_dir: Path | str,
    num_episodes: int = 10,
    *,
    deterministic: bool = True,
    seed: int = 1_000_000,
    policy: Path | None = None,
    allow_pickle: bool = False,
    trust: bool = False,
    say: Callable[[str], None] | None = None,
) -> list[float]:
    """Play episodes with the policy of a run's newest checkpoint.

    Args:
        run_dir: What :func:`hybrid_ppo.train` returned.
        num_episodes: How many episodes.
        deterministic: Take the policy's mode instead of sampling from it.
        seed: Seeds the environments, apart from those of training.
        policy: A zip file of SB3's ``save``, to play instead, on this run's world model.
        allow_pickle: Load that file, although loading it can run any code that is in it.
        trust: Import what the run's settings name although another user owns them.
        say: Told which modules the environment's name makes Python import.

    Returns:
        The return of each episode.

    Raises:
        ConfigError: No episode is asked for; or ``policy`` without ``allow_pickle``.
        DreamerError: There is no run here, or it cannot be read.
    """
    if num_episodes < 1:
        raise ConfigError(f"episodes is {num_episodes}; it must be at least 1.")
    if policy and not allow_pickle:
        raise ConfigError(
            f"{policy} is a file of SB3's, and loading one runs whatever code is in it (pickle). "
            "If you trust where it comes from, add --allow-pickle."
        )
    config, _, env, model = _load(Path(run_dir), seed, trust, say)
    if policy:
        model = algorithm_class(config).load(policy, device=env.agent.device)
    try:
        returns, _ = _evaluation_of(config)(
            model, env, num_episodes, deterministic=deterministic, return_episode_rewards=True
        )
    finally:
        env.close()
    return [float(value) for value in returns]


def _load(
    run_dir: Path, seed: int, trust: bool = False, say: Callable[[str], None] | None = None
) -> tuple[HybridConfig, Loaded, WorldModelVecEnv, OnPolicyAlgorithm]:
    config, run = load_config(run_dir), RunDirectory(run_dir)
    saved = run.load_newest()
    check_world_model(run, saved.training["world_model"])
    loaded = load_world_model(place_of(run), config, seed=seed, trust=trust, say=say)
    env = wrap(config, VectorEnvAdapter(loaded.rows), loaded.agent)
    model = make_ppo(config, env)
    load_weights(saved, loaded.agent, model)
    return config, loaded, env, model


def _evaluation_of(config: HybridConfig) -> Any:
    if config.ppo.algorithm != "maskable":
        return evaluate_policy
    from sb3_contrib.common.maskable.evaluation import evaluate_policy as evaluate_masked

    return evaluate_masked
