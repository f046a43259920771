"""How far a world model's learning moves the features that a policy has learned to read."""

from __future__ import annotations

import torch
from dreamer_agent import Agent, Replay
from torch import Tensor

_SEQUENCES, _LENGTH = 16, 32


class DriftProbe:
    """Compares the features of the same rows before and after a phase of learning.

    The rows are spread over the replay, their first states are kept ones: nothing random, so a
    resumed run measures the same.

    Args:
        agent: The one that filters for the policy.
        replay: Where the rows are from.
        length: Rows of a sequence, at most 32.
    """

    def __init__(self, agent: Agent, replay: Replay, length: int = _LENGTH) -> None:
        self._agent = agent
        self._batch = replay.spread(_SEQUENCES, min(length, _LENGTH))
        self._before = self._observe()

    def measure(self) -> dict[str, float]:
        """Return ``drift/cosine``, the mean cosine of features, and ``drift/changed_latents``.

        The second is the share of the categorical latents whose most likely class is another one.
        """
        feature, classes = self._observe()
        old_feature, old_classes = self._before
        cosine = torch.nn.functional.cosine_similarity(feature, old_feature, dim=-1)
        changed = (classes != old_classes).float()
        return {
            "drift/cosine": float(cosine.mean()),
            "drift/changed_latents": float(changed.mean()),
        }

    @torch.no_grad()
    def _observe(self) -> tuple[Tensor, Tensor]:
        model = self._agent.world_model
        model.eval()
        posterior, _ = model.observe(self._batch, mode="mode")
        return posterior.feature.float(), posterior.stoch.argmax(-1)
