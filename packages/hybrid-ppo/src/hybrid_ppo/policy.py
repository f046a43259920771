"""The policy classes that refuse an environment without a world model."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy, MultiInputActorCriticPolicy

from hybrid_ppo.errors import NotLatentError
from hybrid_ppo.latent_env import FEATURES, LatentBox

_ADVICE = (
    "wrap the vector environment first: PPO(DreamerPPOPolicy, WorldModelVecEnv(venv, agent)). "
    "Without it a recurrent world model would see single frames with an empty memory."
)


class OnFeatures:
    """Refuses observations that are not one world model's features; stands before SB3's class."""

    def __init__(self, observation_space: spaces.Space[Any], *args: Any, **kwargs: Any) -> None:
        if not isinstance(observation_space, LatentBox):
            raise NotLatentError(f"{type(self).__name__} got {observation_space}; {_ADVICE}")
        super().__init__(observation_space, *args, **kwargs)  # type: ignore[call-arg]


class OnFeaturesAndRaw:
    """The same for features beside raw keys."""

    def __init__(self, observation_space: spaces.Space[Any], *args: Any, **kwargs: Any) -> None:
        parts = observation_space if isinstance(observation_space, spaces.Dict) else {}
        if not isinstance(parts.get(FEATURES), LatentBox):
            raise NotLatentError(f"{type(self).__name__} got {observation_space}; {_ADVICE}")
        super().__init__(observation_space, *args, **kwargs)  # type: ignore[call-arg]


class DreamerPPOPolicy(OnFeatures, ActorCriticPolicy):
    """SB3's ``MlpPolicy`` on world-model features ``(N, F)``; refuses any other environment.

    Raises:
        NotLatentError: The observation space does not come from :class:`WorldModelVecEnv`.
    """


class DreamerPPOMultiInputPolicy(OnFeaturesAndRaw, MultiInputActorCriticPolicy):
    """SB3's ``MultiInputPolicy`` on features beside raw keys (``include_raw``).

    Raises:
        NotLatentError: The observation space does not come from :class:`WorldModelVecEnv`.
    """
