"""Decoders: one per observation key, each with its likelihood."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, cast, runtime_checkable

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from dreamer_agent.config import AgentConfig
from dreamer_agent.model.decoders.image import ImageDecoder
from dreamer_agent.model.decoders.pieces import loss_in_pieces
from dreamer_agent.model.decoders.text import TextDecoder
from dreamer_agent.model.decoders.vector import VectorDecoder
from dreamer_agent.model.standardize import learn_scales
from dreamer_agent.spaces.observation import ObservationSpec, module_name

__all__ = ["ImageDecoder", "ObservationDecoder", "TextDecoder", "VectorDecoder"]


ROWS_A_PIECE = 128
"""Rows that an image is decoded for at a time: fewer cost more calls, more cost memory."""


@runtime_checkable
class Decoder(Protocol):
    """What every decoder can do; features and observations have one batch axis."""

    def loss(
        self, feature: Float[Tensor, "N feature"], target: Shaped[Tensor, "N *shape"]
    ) -> Float[Tensor, " N"]:
        """Return the reconstruction loss, summed over the observation's elements."""
        ...

    def predict(self, feature: Float[Tensor, "N feature"]) -> Shaped[Tensor, "N *shape"]:
        """Return the most likely observation in its own units and dtype."""
        ...


class ObservationDecoder(nn.Module):
    """Reconstruct every key that is to be decoded.

    Args:
        specs: The observation keys.
        config: The agent's configuration.
    """

    def __init__(self, specs: Mapping[str, ObservationSpec], config: AgentConfig) -> None:
        super().__init__()
        decoded = {key: spec for key, spec in specs.items() if spec.decode}
        self.scales = {key: spec.loss_scale for key, spec in decoded.items()}
        self.shares = {key: spec.decode_share for key, spec in decoded.items()}
        self.decoders = nn.ModuleDict(
            {module_name(key): _build(specs[key], config) for key in self.scales}
        )

    def __getitem__(self, key: str) -> Decoder:
        return cast(Decoder, self.decoders[module_name(key)])

    def loss(
        self,
        feature: Float[Tensor, "N feature"],
        obs: Mapping[str, Shaped[Tensor, "N *shape"]],
        weight: Float[Tensor, " N"],
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, " N"]]]:
        """Compute the reconstruction loss of all keys.

        Args:
            feature: Features with their graph.
            obs: Raw observations.
            weight: What each row counts.
            generator: Draws the rows of keys that are reconstructed for a share of them.

        Returns:
            The weighted sum over rows and keys, each key times its scale, with its graph; and the
            unscaled losses of every row by key, without one. Where a key has a share of the rows,
            theirs are divided by it and the others' are 0, so that means stay what they are.
        """
        totals, losses = [], {}
        for key, scale in self.scales.items():
            share = self.shares[key]
            if share < 1:
                total, losses[key] = self._share_loss(
                    key, feature, obs[key], weight, draw_rows(weight, share, generator)
                )
            else:
                total, losses[key] = self._key_loss(key, feature, obs[key], weight)
            totals.append(scale * total)
        return torch.stack(totals).sum(), losses

    def _share_loss(
        self, key: str, feature: Tensor, target: Tensor, weight: Tensor, rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        more = len(weight) / len(rows)
        total, losses = self._key_loss(key, feature[rows], target[rows], more * weight[rows])
        return total, weight.new_zeros(len(weight)).index_copy_(0, rows, more * losses)

    def _key_loss(
        self, key: str, feature: Tensor, target: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor]:
        decoder = self[key]
        if isinstance(decoder, ImageDecoder) and feature.device.type == "cpu":
            return loss_in_pieces(decoder, feature, target, weight, ROWS_A_PIECE)
        rows = decoder.loss(feature, target)
        return (rows * weight).sum(), rows.detach()

    def predict(self, feature: Float[Tensor, "N feature"]) -> dict[str, Shaped[Tensor, "N *shape"]]:
        """Return the most likely observation of every key."""
        return {key: self[key].predict(feature) for key in self.scales}

    def learn_scales(
        self, obs: Mapping[str, Shaped[Tensor, "N *shape"]], weight: Float[Tensor, " N"]
    ) -> None:
        """Take a batch into the statistics of the keys that are standardised, if any."""
        modules = {key: self.decoders[module_name(key)] for key in self.scales}
        learn_scales(modules, obs, weight)


def draw_rows(
    weight: Float[Tensor, " N"], share: float, generator: torch.Generator | None
) -> Int[Tensor, " K"]:
    """Draw ``ceil(share · N)`` different rows, all equally likely."""
    order = torch.rand(len(weight), generator=generator, device=weight.device).argsort()
    return order[: math.ceil(share * len(weight))]


def _build(spec: ObservationSpec, config: AgentConfig) -> nn.Module:
    deter, stoch = config.rssm.deter, config.rssm.stoch * config.rssm.classes
    units = config.vector.units
    if spec.modality in ("image", "mask"):
        return ImageDecoder(spec, config.image, deter, stoch, units)
    if spec.modality == "tokens":
        return TextDecoder(spec, config.text, deter + stoch, units)
    return VectorDecoder(spec, config.vector, deter + stoch)
