"""SB3's algorithm for a run: PPO, MaskablePPO or RecurrentPPO, with the policy that fits."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import PPO
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from hybrid_ppo.config import HybridConfig
from hybrid_ppo.errors import ConfigError
from hybrid_ppo.latent_env import WorldModelVecEnv
from hybrid_ppo.policy import DreamerPPOMultiInputPolicy, DreamerPPOPolicy


def make_ppo(config: HybridConfig, env: WorldModelVecEnv) -> OnPolicyAlgorithm:
    """Build the stock algorithm with the policy that fits the wrapper's observations.

    Args:
        config: The run's settings.
        env: What it is to learn in.

    Raises:
        ConfigError: ``config.ppo.algorithm`` needs sb3-contrib, which is not installed.
        ObservationKeyError: It is ``"maskable"``, and the environment gives no masks.
    """
    ppo = config.ppo
    kind, policy = _classes(ppo.algorithm, bool(config.include_raw))
    policy_kwargs: dict[str, Any] = {"net_arch": list(ppo.units)}
    if ppo.algorithm == "maskable":
        env.env_method("action_masks")  # whoever has none is told now
    if ppo.algorithm == "recurrent":
        policy_kwargs["lstm_hidden_size"] = ppo.lstm_size
    return kind(
        policy,
        env,
        learning_rate=ppo.learning_rate,
        n_steps=ppo.n_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        ent_coef=ppo.ent_coef,
        policy_kwargs=policy_kwargs,
        seed=config.seed,
        device=env.agent.device,
    )


def algorithm_class(config: HybridConfig) -> Any:
    """Return SB3's class alone, e.g. for its ``load``."""
    return _classes(config.ppo.algorithm, bool(config.include_raw))[0]


def _classes(algorithm: str, has_raw: bool) -> tuple[Any, Any]:
    if algorithm == "ppo":
        return PPO, DreamerPPOMultiInputPolicy if has_raw else DreamerPPOPolicy
    try:
        import sb3_contrib

        from hybrid_ppo import contrib
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"ppo.algorithm={algorithm!r} needs sb3-contrib ({error}): "
            'pip install "hybrid-ppo[contrib]"'
        ) from None
    if algorithm == "maskable":
        plain, raw = contrib.DreamerMaskablePPOPolicy, contrib.DreamerMaskablePPOMultiInputPolicy
        return sb3_contrib.MaskablePPO, raw if has_raw else plain
    plain, raw = contrib.DreamerRecurrentPPOPolicy, contrib.DreamerRecurrentPPOMultiInputPolicy
    return sb3_contrib.RecurrentPPO, raw if has_raw else plain
