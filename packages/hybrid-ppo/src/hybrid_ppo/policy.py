"""The policy class that refuses an environment without a world model."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy, MultiInputActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule

from hybrid_ppo.errors import NotLatentError
from hybrid_ppo.latent_env import FEATURES, LatentBox

_ADVICE = (
    "wrap the vector environment first: PPO(DreamerPPOPolicy, WorldModelVecEnv(venv, agent)). "
    "Without it a recurrent world model would see single frames with an empty memory."
)


class DreamerPPOPolicy(ActorCriticPolicy):
    """SB3's ``MlpPolicy`` on world-model features ``(N, F)``; refuses any other environment.

    Raises:
        NotLatentError: The observation space does not come from :class:`WorldModelVecEnv`.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        **kwargs: Any,
    ) -> None:
        if not isinstance(observation_space, LatentBox):
            raise NotLatentError(f"DreamerPPOPolicy got {observation_space}; {_ADVICE}")
        super().__init__(observation_space, action_space, lr_schedule, **kwargs)


class DreamerPPOMultiInputPolicy(MultiInputActorCriticPolicy):
    """SB3's ``MultiInputPolicy`` on features beside raw keys (``include_raw``).

    Raises:
        NotLatentError: The observation space does not come from :class:`WorldModelVecEnv`.
    """

    def __init__(
        self,
        observation_space: spaces.Dict,
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        **kwargs: Any,
    ) -> None:
        latent = (
            observation_space.spaces.get(FEATURES)
            if isinstance(observation_space, spaces.Dict)
            else None
        )
        if not isinstance(latent, LatentBox):
            raise NotLatentError(f"DreamerPPOMultiInputPolicy got {observation_space}; {_ADVICE}")
        super().__init__(observation_space, action_space, lr_schedule, **kwargs)
