"""Score a finished hybrid run in fresh episodes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from stable_baselines3.common.evaluation import evaluate_policy

from hybrid_ppo.errors import ConfigError
from hybrid_ppo.train import load_run, make_raw_env, wrap


def evaluate(
    run_dir: Path, num_episodes: int = 10, *, deterministic: bool = True, seed: int = 1_000_000
) -> list[float]:
    """Play episodes with the run's policy.

    Args:
        run_dir: What :func:`hybrid_ppo.train` returned.
        num_episodes: How many episodes.
        deterministic: Take the policy's mode instead of sampling from it.
        seed: Seeds the environments, apart from those of training.

    Returns:
        The return of each episode.

    Raises:
        ConfigError: There is no finished run in this directory, or no episode is asked for.
    """
    if num_episodes < 1:
        raise ConfigError(f"episodes is {num_episodes}; it must be at least 1.")
    config, agent, policy = load_run(run_dir)
    env = wrap(config, make_raw_env(dataclasses.replace(config, seed=seed), agent), agent)
    try:
        returns, _ = evaluate_policy(
            policy,
            env,
            num_episodes,
            deterministic=deterministic,
            return_episode_rewards=True,
            warn=False,  # the Monitor is below our wrapper and is found through the infos
        )
    finally:
        env.close()
    assert isinstance(returns, list)
    return [float(value) for value in returns]
