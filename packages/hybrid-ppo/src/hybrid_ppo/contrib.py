"""The same policies for sb3-contrib's MaskablePPO and RecurrentPPO (``hybrid-ppo[contrib]``)."""

from __future__ import annotations

from sb3_contrib.common.maskable.policies import (
    MaskableActorCriticPolicy,
    MaskableMultiInputActorCriticPolicy,
)
from sb3_contrib.common.recurrent.policies import (
    RecurrentActorCriticPolicy,
    RecurrentMultiInputActorCriticPolicy,
)

from hybrid_ppo.policy import OnFeatures, OnFeaturesAndRaw


class DreamerMaskablePPOPolicy(OnFeatures, MaskableActorCriticPolicy):
    """For ``MaskablePPO`` on world-model features ``(N, F)``."""


class DreamerMaskablePPOMultiInputPolicy(OnFeaturesAndRaw, MaskableMultiInputActorCriticPolicy):
    """For ``MaskablePPO`` on features beside raw keys (``include_raw``)."""


class DreamerRecurrentPPOPolicy(OnFeatures, RecurrentActorCriticPolicy):
    """For ``RecurrentPPO`` on world-model features ``(N, F)``: a memory of the policy's own."""


class DreamerRecurrentPPOMultiInputPolicy(OnFeaturesAndRaw, RecurrentMultiInputActorCriticPolicy):
    """For ``RecurrentPPO`` on features beside raw keys (``include_raw``)."""
