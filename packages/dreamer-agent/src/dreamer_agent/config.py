"""Configuration of the agent: frozen nested dataclasses, one a part."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic.dataclasses import dataclass

Modality = Literal["image", "mask", "tokens", "vector", "discrete", "binary"]
Likelihood = Literal["mse", "symlog_mse", "bernoulli", "categorical"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
"""A fraction that leaves something over."""
Rate = Annotated[float, Field(gt=0, le=1)]
"""What an average takes in of each new value, or what share of the rows is looked at."""

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, config=_STRICT)
class ModalityConfig:
    """How one observation key is read and predicted; ``None`` means: decide from its space."""

    modality: Modality | None = None
    """What the array is; overrides the space and ``env.metadata["modalities"]``."""
    likelihood: Likelihood | None = None
    """What the decoder predicts; ``categorical`` on an image is one class per grey level."""
    levels: PositiveInt = 4
    """Number of grey levels of an image with ``likelihood="categorical"``."""
    encode: bool = True
    """Whether the world model sees this key. A key neither seen nor reconstructed is left out of
    the run, replay included, and may be of any space (a Text, say)."""
    decode: bool = True
    """Whether the world model reconstructs this key."""
    loss_scale: NonNegativeFloat = 1.0
    """Weight of this key's reconstruction loss."""
    decode_share: Rate = 1.0
    """Share of a batch's rows that this key is reconstructed for, drawn anew for every update and
    weighted up: the same loss on average, for a fraction of the work (pictures cost most)."""
    block: PositiveInt | None = None
    """Edge in pixels of the squares a mask is drawn in: it is read and predicted at one value a
    square, at a fraction of the work; overrides the environment's ``mask/8`` (8: the edge)."""


@dataclass(frozen=True, config=_STRICT)
class ImageConfig:
    """Encoder and decoder of images and masks (any height and width)."""

    stem: Literal["tile", "nature", "cnn2023"] = "tile"
    """``tile``: space-to-depth and PixelShuffle, a quarter of the work; ``nature``: the 2025 CNN;
    ``cnn2023``: the strided CNN of the 2023 preprint."""
    likelihood: Literal["mse", "categorical"] = "mse"
    """What images without one of their own are predicted with: ``mse`` for any picture, as in the
    paper; ``categorical`` for screens of four shades of grey (one class per shade, sharper)."""
    depth: PositiveInt = 4
    """Channels of the first stage before the multipliers."""
    tile: PositiveInt = 4
    """Edge of a tile in pixels (stem ``tile``)."""
    decoder_blocks: PositiveInt = 8
    """Blocks of the block-linear map from deter to the decoder's first grid (stem ``nature``)."""


@dataclass(frozen=True, config=_STRICT)
class TextConfig:
    """Transformer over token ids, and the per-position decoder."""

    embed: PositiveInt = 128
    """Width of the transformer."""
    heads: PositiveInt = 4
    """Attention heads; must divide ``embed``."""
    layers: PositiveInt = 2
    out: PositiveInt = 128
    """Width of the pooled output."""
    dropout: Share = 0.0
    """Above 0 filtering and training disagree; off unless asked for."""
    decoder_rank: PositiveInt = 32
    """Features per position in the decoder."""
    pad: NonNegativeInt = 0
    """Token id that fills the end of short texts."""

    @model_validator(mode="after")
    def _heads_divide_embed(self) -> TextConfig:
        if self.embed % self.heads:
            raise ValueError(f"heads={self.heads} must divide embed={self.embed}")
        return self


@dataclass(frozen=True, config=_STRICT)
class VectorConfig:
    """MLP of float vectors, one-hot and binary keys."""

    layers: PositiveInt = 3
    units: PositiveInt = 64
    scaling: Literal["symlog", "standard", "none"] = "symlog"
    """What happens to float inputs and targets: ``symlog`` squashes them, as in the paper;
    ``standard`` brings every number to mean 0 and standard deviation 1 as seen in training, for
    vectors whose numbers differ in scale (angles beside positions)."""


@dataclass(frozen=True, config=_STRICT)
class RSSMConfig:
    """Recurrent state-space model."""

    core: Literal["block_gru", "gru"] = "block_gru"
    deter: PositiveInt = 512
    hidden: PositiveInt = 64
    stoch: PositiveInt = 32
    """Number of categorical latents."""
    classes: PositiveInt = 4
    """Classes of each latent."""
    blocks: PositiveInt = 8
    """Blocks of the block GRU; must divide ``deter``."""
    core_layers: PositiveInt = 1
    """Hidden block-linear layers inside the block GRU."""
    prior_layers: PositiveInt = 2
    posterior_layers: PositiveInt = 1
    unimix: Share = 0.01
    """Share of the uniform distribution mixed into every latent's distribution."""

    @model_validator(mode="after")
    def _blocks_divide_deter(self) -> RSSMConfig:
        if self.core == "block_gru" and self.deter % self.blocks:
            raise ValueError(f"blocks={self.blocks} must divide deter={self.deter}")
        return self


@dataclass(frozen=True, config=_STRICT)
class KLConfig:
    """The KL terms between posterior q and prior p (nats, summed over latents per step)."""

    kind: Literal["paper", "balanced_v2", "notes"] = "paper"
    """``paper``: dyn·max(f, KL(sg q‖p)) + rep·max(f, KL(q‖sg p)); ``balanced_v2``: DreamerV2's mix
    with stop-gradients; ``notes``: balance·KL(q‖p) + (1−balance)·KL(p‖q), as written there."""
    dyn: NonNegativeFloat = 1.0
    """Weight of the prior's term (kind ``paper``; the 2023 preprint used 0.5)."""
    rep: NonNegativeFloat = 0.1
    """Weight of the posterior's term (kind ``paper``)."""
    balance: Fraction = 0.8
    """Weight of the first term of kinds ``balanced_v2`` and ``notes``."""
    scale: NonNegativeFloat = 1.0
    """Weight of the whole mix of kinds ``balanced_v2`` and ``notes``."""
    free_nats: NonNegativeFloat = 1.0
    """Below this many nats (summed over latents) there is no gradient."""


@dataclass(frozen=True, config=_STRICT)
class HeadConfig:
    """MLP head for reward or continue."""

    layers: PositiveInt = 1
    units: PositiveInt = 64


@dataclass(frozen=True, config=_STRICT)
class TwoHotConfig:
    """How reward and value are expressed as a categorical distribution."""

    kind: Literal["symexp", "symlog"] = "symexp"
    """``symexp``: bins at symexp(linspace(-20, 20)), mean in raw units (2025);
    ``symlog``: bins linear in symlog space, decoded by symexp of the mean (2023)."""
    bins: PositiveInt = 255
    """Number of bins, odd, so that 0 is one of them; at least 3."""

    @model_validator(mode="after")
    def _zero_is_a_bin(self) -> TwoHotConfig:
        if self.bins < 3 or self.bins % 2 == 0:
            raise ValueError(f"bins={self.bins} must be odd and at least 3")
        return self


@dataclass(frozen=True, config=_STRICT)
class ActorConfig:
    """Policy network and its loss."""

    layers: PositiveInt = 3
    units: PositiveInt = 64
    unimix: Share = 0.01
    """Uniform mix of discrete policies; 0 reproduces the official code, 0.01 the paper's text."""
    entropy: NonNegativeFloat = 3e-4
    """Weight of the policy's entropy."""
    min_std: PositiveFloat = 0.1
    max_std: PositiveFloat = 1.0
    """Range of the standard deviation for Box actions (in units of half the action range)."""
    out_scale: NonNegativeFloat = 0.01
    """Scale of the last layer's initial weights."""

    @model_validator(mode="after")
    def _stds_are_a_range(self) -> ActorConfig:
        if self.min_std > self.max_std:
            raise ValueError(f"min_std={self.min_std} must be at most max_std={self.max_std}")
        return self


@dataclass(frozen=True, config=_STRICT)
class CriticConfig:
    """Value network(s) and their losses."""

    layers: PositiveInt = 3
    units: PositiveInt = 64
    num_critics: PositiveInt = 1
    reduce: Literal["mean", "min"] = "mean"
    """How several critics become one value."""
    target: Literal["online", "slow"] = "online"
    """Which critic bootstraps the λ-returns."""
    slow_rate: Rate = 0.02
    """Rate of the exponential moving average that is the slow critic."""
    slow_regularizer: NonNegativeFloat = 1.0
    """Weight of the loss towards the slow critic's prediction."""
    replay_loss: NonNegativeFloat = 0.3
    """Weight of the value loss on replayed rewards; its gradient reaches the world model."""


@dataclass(frozen=True, config=_STRICT)
class ImaginationConfig:
    """Imagined trajectories, returns and their normalisation."""

    horizon: PositiveInt = 15
    """Imagined steps H."""
    discount_horizon: Annotated[float, Field(gt=1)] = 333.0
    """The discount is 1 − 1/discount_horizon."""
    discount_in_continue: bool = True
    """Train the continue head on discount·(1−terminal): it then is the discount (``contdisc``)."""
    lam: Fraction = 0.95
    """λ of the λ-return."""
    last: NonNegativeInt = 0
    """Imagine from the last so many steps of each sequence only; 0: from every step."""
    return_scale_rate: Rate = 0.01
    return_scale_limit: PositiveFloat = 1.0
    """Advantages are divided by max(limit, EMA of P95 − P5 of the returns)."""


@dataclass(frozen=True, config=_STRICT)
class OptimizerConfig:
    """One optimiser for all parameters."""

    kind: Literal["laprop", "adam"] = "laprop"
    lr: PositiveFloat = 4e-5
    actor_lr: PositiveFloat | None = None
    """A learning rate of its own for the actor; None: ``lr``."""
    critic_lr: PositiveFloat | None = None
    """A learning rate of its own for the critic; None: ``lr``."""
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: PositiveFloat = 1e-20
    warmup_steps: NonNegativeInt = 1000
    """Updates over which the learning rate grows linearly to ``lr``."""
    agc: NonNegativeFloat = 0.3
    """Adaptive gradient clipping per tensor relative to its norm; 0: off."""
    agc_min_norm: PositiveFloat = 1e-3
    clip_norm: NonNegativeFloat = 0.0
    """Clip the global gradient norm (per part: world model, actor, critic); 0: off."""


@dataclass(frozen=True, config=_STRICT)
class AgentConfig:
    """Everything the agent is, except the spaces it is built for."""

    modalities: dict[str, ModalityConfig] = field(default_factory=dict)
    """Per observation key; keys left out are decided from their space."""
    action_mask: str | None = "action_mask"
    """Binary observation key that says which actions are legal, if the space has it: honoured when
    acting, predicted by the decoder and honoured in imagination. None: an ordinary key."""
    image: ImageConfig = ImageConfig()
    text: TextConfig = TextConfig()
    vector: VectorConfig = VectorConfig()
    rssm: RSSMConfig = RSSMConfig()
    kl: KLConfig = KLConfig()
    reward_head: HeadConfig = HeadConfig()
    continue_head: HeadConfig = HeadConfig()
    twohot: TwoHotConfig = TwoHotConfig()
    actor: ActorConfig = ActorConfig()
    critic: CriticConfig = CriticConfig()
    imagination: ImaginationConfig = ImaginationConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    precision: Literal["float32", "bfloat16", "float16", "auto"] = "float32"
    """Autocast type of matrix products and convolutions; parameters stay float32. ``auto``:
    bfloat16 where the device computes it natively (else it is slower), float32 elsewhere."""

    @property
    def dropped_keys(self) -> tuple[str, ...]:
        """Observation keys that are left out: neither encoded nor decoded."""
        return tuple(
            key
            for key, use in self.modalities.items()
            if key != self.action_mask and not (use.encode or use.decode)
        )
