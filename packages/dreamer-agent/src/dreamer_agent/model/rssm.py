"""The recurrent state-space model: a deterministic core, a prior and a posterior."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from dreamer_agent.config import RSSMConfig
from dreamer_agent.model.distributions import (
    mixed_log_probs,
    mixed_probs,
    mode_onehot,
    sample_onehot,
    straight_through,
)
from dreamer_agent.model.layers import (
    BlockLinear,
    NormedLinear,
    NormSiLU,
    RMSNorm,
    linear,
    mlp,
    trunc_normal_,
)

UPDATE_BIAS = -1.0  # a fresh core mostly keeps its state


@dataclass(frozen=True)
class RSSMState:
    """State of the model; leading axes are batch axes.

    Attributes:
        deter: Deterministic part, ``(..., deter)``.
        stoch: One-hot latents, ``(..., S, C)``.
    """

    deter: Float[Tensor, "*batch deter"]
    stoch: Float[Tensor, "*batch S C"]

    @property
    def feature(self) -> Float[Tensor, "*batch feature"]:
        """Concatenate deter and the flattened latents: the input of every head."""
        return torch.cat([self.deter, self.stoch.flatten(-2)], -1)

    def detach(self) -> RSSMState:
        """Cut the graph."""
        return RSSMState(self.deter.detach(), self.stoch.detach())

    def flatten(self) -> RSSMState:
        """Merge (B, T) into one batch axis."""
        return RSSMState(self.deter.flatten(0, 1), self.stoch.flatten(0, 1))

    def rows(self, index: Int[Tensor, "B K"]) -> RSSMState:
        """Take rows ``index`` of each of the B sequences ``(B, T, ...)``."""
        return RSSMState(take_rows(self.deter, index), take_rows(self.stoch, index))

    def where(self, rows: Bool[Tensor, " N"], other: RSSMState) -> RSSMState:
        """Take these rows of a batch ``(N, ...)`` from here and the rest from ``other``."""
        return RSSMState(
            torch.where(rows[:, None], self.deter, other.deter),
            torch.where(rows[:, None, None], self.stoch, other.stoch),
        )


def take_rows(
    values: Shaped[Tensor, "B T *shape"], index: Int[Tensor, "B K"]
) -> Shaped[Tensor, "B K *shape"]:
    """Take rows ``index`` of each of the B sequences."""
    sequence = torch.arange(len(values), device=values.device)[:, None]
    return values[sequence, index]


class RSSM(nn.Module):
    """Sequence model over (embedding, action) pairs.

    Args:
        config: Sizes and kind of the core.
        embed_size: Width of the encoder's output.
        action_size: Width of an encoded action.
    """

    def __init__(self, config: RSSMConfig, embed_size: int, action_size: int) -> None:
        super().__init__()
        self.config = config
        stoch_size = config.stoch * config.classes
        core = BlockCore if config.core == "block_gru" else GRUCore
        self.core = core(config, stoch_size, action_size)
        self.prior_hidden = mlp(config.deter, config.hidden, config.prior_layers)
        self.prior_out = linear(config.hidden, stoch_size)
        self.posterior_in = SplitLinear((config.deter, embed_size), config.hidden)
        self.posterior_norm = NormSiLU(config.hidden)
        self.posterior_hidden = mlp(config.hidden, config.hidden, config.posterior_layers - 1)
        self.posterior_out = linear(config.hidden, stoch_size)

    @property
    def feature_size(self) -> int:
        """Width of a feature."""
        return self.config.deter + self.config.stoch * self.config.classes

    def initial_state(self, num: int, device: torch.device | str = "cpu") -> RSSMState:
        """Return the zero state, latents included."""
        config = self.config
        return RSSMState(
            torch.zeros(num, config.deter, device=device),
            torch.zeros(num, config.stoch, config.classes, device=device),
        )

    def observe(
        self,
        embed: Float[Tensor, "B T embed"],
        action: Float[Tensor, "B T action"],
        is_first: Bool[Tensor, "B T"],
        state: RSSMState,
        uniform: Float[Tensor, "B T S"] | None,
    ) -> tuple[RSSMState, Float[Tensor, "B T S C"]]:
        """Filter a batch of sequences.

        Args:
            embed: Encoder outputs.
            action: Encoded actions; ``action[:, t]`` led to ``embed[:, t]``.
            is_first: Where an episode begins: state and action count as zero there.
            state: Posterior before the first step.
            uniform: Numbers in [0, 1) to sample the latents with; None takes the mode.

        Returns:
            Posterior states ``(B, T, ...)`` and posterior logits.
        """
        keep = (~is_first).float().unsqueeze(-1)
        # everything that does not depend on the state is computed for all steps at once
        action_parts = self.core.action_part(action * keep).unbind(1)
        embed_parts = self.posterior_in.part(1, embed).unbind(1)
        deter, stoch = state.deter, state.stoch
        deters, stochs, logits = [], [], []
        for t, (kept, action_part) in enumerate(zip(keep.unbind(1), action_parts, strict=True)):
            deter = self.core(deter * kept, stoch.flatten(-2) * kept, action_part)
            logit = self._posterior(deter, embed_parts[t])
            stoch = self.draw(logit, None if uniform is None else uniform[:, t])
            deters.append(deter)
            stochs.append(stoch)
            logits.append(logit)
        return RSSMState(torch.stack(deters, 1), torch.stack(stochs, 1)), torch.stack(logits, 1)

    def imagine_step(
        self,
        state: RSSMState,
        action: Float[Tensor, "N action"],
        uniform: Float[Tensor, "N S"] | None,
    ) -> RSSMState:
        """Advance one step by the prior; ``uniform`` as in :meth:`observe`."""
        action_part = self.core.action_part(action)
        deter = self.core(state.deter, state.stoch.flatten(-2), action_part)
        return RSSMState(deter, self.draw(self.prior(deter), uniform))

    def prior(self, deter: Float[Tensor, "*batch deter"]) -> Float[Tensor, "*batch S C"]:
        """Return the prior's logits."""
        return self._logits(self.prior_out(self.prior_hidden(deter)))

    def log_probs(self, logits: Float[Tensor, "*batch S C"]) -> Float[Tensor, "*batch S C"]:
        """Return log-probabilities with the uniform mixed in."""
        return mixed_log_probs(logits, self.config.unimix)

    def draw(
        self, logits: Float[Tensor, "N S C"], uniform: Float[Tensor, "N S"] | None
    ) -> Float[Tensor, "N S C"]:
        """Draw one-hot latents with straight-through gradients, or take the mode."""
        probs = mixed_probs(logits, self.config.unimix)
        drawn = mode_onehot(logits) if uniform is None else sample_onehot(probs.detach(), uniform)
        return straight_through(drawn, probs) if probs.requires_grad else drawn

    def _posterior(self, deter: Tensor, embed_part: Tensor) -> Tensor:
        x = self.posterior_norm(self.posterior_in.part(0, deter) + embed_part)
        return self._logits(self.posterior_out(self.posterior_hidden(x)))

    def _logits(self, flat: Tensor) -> Tensor:
        return flat.float().unflatten(-1, (self.config.stoch, self.config.classes))


class SplitLinear(nn.Module):
    """One linear map of several concatenated inputs, each of whose parts can be computed apart."""

    def __init__(
        self,
        in_sizes: tuple[int, ...],
        out_size: int,
        fan_in: int | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        layers = [linear(size, out_size, bias=bias and i == 0) for i, size in enumerate(in_sizes)]
        for layer in layers:
            trunc_normal_(layer.weight, fan_in or sum(in_sizes))
        self.parts = nn.ModuleList(layers)

    def part(self, index: int, x: Float[Tensor, "*batch in"]) -> Float[Tensor, "*batch out"]:
        """Return what input ``index`` contributes; the sum over all inputs is the map."""
        return self.parts[index](x)


class BlockCore(nn.Module):
    """Block GRU: inputs are mixed for all blocks, the state only within its block.

    Args:
        config: Sizes.
        stoch_size: Width of the flattened latents.
        action_size: Width of an encoded action.
    """

    def __init__(self, config: RSSMConfig, stoch_size: int, action_size: int) -> None:
        super().__init__()
        deter, hidden, blocks = config.deter, config.hidden, config.blocks
        self.blocks = blocks
        self.in_deter = NormedLinear(deter, hidden)
        self.in_stoch = NormedLinear(stoch_size, hidden)
        self.in_action = NormedLinear(action_size, hidden)
        # the first hidden layer sees [own block of deter, inputs]: the two parts of its matrix
        fan_in = deter + 3 * hidden * blocks
        self.hidden_deter = BlockLinear(deter, deter, blocks)
        trunc_normal_(self.hidden_deter.weight, fan_in)
        self.hidden_inputs = SplitLinear((2 * hidden, hidden), deter, fan_in, bias=False)
        self.norm = NormSiLU(deter)
        self.hidden = nn.ModuleList(
            BlockLinear(deter, deter, blocks) for _ in range(config.core_layers - 1)
        )
        self.hidden_norms = nn.ModuleList(NormSiLU(deter) for _ in range(config.core_layers - 1))
        self.gates = BlockLinear(deter, 3 * deter, blocks)

    def action_part(self, action: Float[Tensor, "*batch A"]) -> Float[Tensor, "*batch deter"]:
        """Return the action's contribution; magnitudes above 1 are scaled to 1."""
        action = action / action.abs().clamp_min(1)
        return self.hidden_inputs.part(1, self.in_action(action))

    def forward(
        self,
        deter: Float[Tensor, "N deter"],
        stoch: Float[Tensor, "N stoch"],
        action_part: Float[Tensor, "N deter"],
    ) -> Float[Tensor, "N deter"]:
        """Return the next deterministic state."""
        inputs = torch.cat([self.in_deter(deter), self.in_stoch(stoch)], -1)
        x = self.hidden_deter(deter) + self.hidden_inputs.part(0, inputs) + action_part
        x = self.norm(x)
        for layer, norm in zip(self.hidden, self.hidden_norms, strict=True):
            x = norm(layer(x))
        gates = self.gates(x).unflatten(-1, (self.blocks, 3, -1)).float()
        reset, candidate, update = (gate.flatten(-2) for gate in gates.unbind(-2))
        return gated_update(deter, reset, candidate, update)


class GRUCore(nn.Module):
    """A plain GRU on (latents, action), normalised before its gates.

    Args:
        config: Sizes.
        stoch_size: Width of the flattened latents.
        action_size: Width of an encoded action.
    """

    def __init__(self, config: RSSMConfig, stoch_size: int, action_size: int) -> None:
        super().__init__()
        self.inputs = SplitLinear((stoch_size, action_size), config.hidden)
        self.input_norm = NormSiLU(config.hidden)
        self.gates = linear(config.hidden + config.deter, 3 * config.deter)
        self.gate_norm = RMSNorm(3 * config.deter)

    def action_part(self, action: Float[Tensor, "*batch A"]) -> Float[Tensor, "*batch hidden"]:
        """Return the action's contribution; magnitudes above 1 are scaled to 1."""
        return self.inputs.part(1, action / action.abs().clamp_min(1))

    def forward(
        self,
        deter: Float[Tensor, "N deter"],
        stoch: Float[Tensor, "N stoch"],
        action_part: Float[Tensor, "N hidden"],
    ) -> Float[Tensor, "N deter"]:
        """Return the next deterministic state."""
        x = self.input_norm(self.inputs.part(0, stoch) + action_part)
        gates = self.gate_norm(self.gates(torch.cat([x, deter.to(x.dtype)], -1))).float()
        reset, candidate, update = gates.chunk(3, -1)
        return gated_update(deter, reset, candidate, update)


def gated_update(
    deter: Float[Tensor, "N D"],
    reset: Float[Tensor, "N D"],
    candidate: Float[Tensor, "N D"],
    update: Float[Tensor, "N D"],
) -> Float[Tensor, "N D"]:
    """Move the state towards the candidate, from the three gates' raw outputs."""
    step = torch.sigmoid(update + UPDATE_BIAS)
    proposal = torch.tanh(torch.sigmoid(reset) * candidate)
    return torch.lerp(deter, proposal, step)
