"""A batch of sequences as tensors on the model's device, actions encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from dreamer_agent.config import RSSMConfig
from dreamer_agent.errors import SpaceError
from dreamer_agent.model.rssm import RSSMState, take_rows
from dreamer_agent.replay.batch import Batch, Context
from dreamer_agent.spaces.actions import ActionSpec
from dreamer_agent.spaces.observation import ObservationSpec


@dataclass(frozen=True)
class TensorBatch:
    """What :class:`~dreamer_agent.replay.batch.Batch` holds, as tensors; see there."""

    obs: dict[str, Shaped[Tensor, "B T *shape"]]
    action: Float[Tensor, "B T action"]
    reward: Float[Tensor, "B T"]
    is_first: Bool[Tensor, "B T"]
    is_last: Bool[Tensor, "B T"]
    is_terminal: Bool[Tensor, "B T"]
    weight: Float[Tensor, "B T"]
    """1, and 0 on padding."""
    context: RSSMState | None
    burn_in: TensorBatch | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(B, T)."""
        batch, length = self.reward.shape
        return batch, length

    def steps(self, rows: slice) -> TensorBatch:
        """Take some of the T steps; context and burn-in stay those of the first."""
        return TensorBatch(
            obs={key: value[:, rows] for key, value in self.obs.items()},
            action=self.action[:, rows],
            reward=self.reward[:, rows],
            is_first=self.is_first[:, rows],
            is_last=self.is_last[:, rows],
            is_terminal=self.is_terminal[:, rows],
            weight=self.weight[:, rows],
            context=self.context,
            burn_in=self.burn_in,
        )

    def rows(self, index: Int[Tensor, "B K"]) -> TensorBatch:
        """Take rows ``index`` of each sequence; context and burn-in stay those of the first."""
        return TensorBatch(
            obs={key: take_rows(value, index) for key, value in self.obs.items()},
            action=take_rows(self.action, index),
            reward=take_rows(self.reward, index),
            is_first=take_rows(self.is_first, index),
            is_last=take_rows(self.is_last, index),
            is_terminal=take_rows(self.is_terminal, index),
            weight=take_rows(self.weight, index),
            context=self.context,
            burn_in=self.burn_in,
        )


def last_rows(weight: Float[Tensor, "B T"], last: int) -> Int[Tensor, "B K"]:
    """Return the last K consecutive rows of each sequence that are no padding.

    Args:
        weight: 0 on padding, which comes last.
        last: How many, 0 for all T. A sequence that is shorter gives its first K rows.
    """
    length = weight.shape[1]
    num = min(last, length) if last else length
    first = ((weight > 0).sum(1, keepdim=True) - num).clamp_min(0)
    return first + torch.arange(num, device=weight.device)


def tensor_batch(
    batch: Batch,
    observations: Mapping[str, ObservationSpec],
    action: ActionSpec,
    config: RSSMConfig,
    device: torch.device,
) -> TensorBatch:
    """Convert a batch from the replay.

    Raises:
        SpaceError: A key is missing, or an array does not have its space's shape.
    """

    def flags(array: np.ndarray) -> Tensor:
        return _tensor(array, device, torch.bool)

    before = None
    if batch.burn_in is not None:
        before = tensor_batch(batch.burn_in, observations, action, config, device)
    is_valid = np.ones(batch.shape) if batch.valid is None else batch.valid
    return TensorBatch(
        obs=obs_tensors(batch.obs, observations, batch.shape, device),
        action=action.encode(batch.action, device),
        reward=_tensor(batch.reward, device, torch.float32),
        is_first=flags(batch.is_first),
        is_last=flags(batch.is_last),
        is_terminal=flags(batch.is_terminal),
        weight=torch.as_tensor(is_valid, dtype=torch.float32, device=device),
        context=None if batch.context is None else _context(batch.context, config, device),
        burn_in=before,
    )


def obs_tensors(
    obs: Mapping[str, np.ndarray],
    specs: Mapping[str, ObservationSpec],
    batch_shape: tuple[int, ...],
    device: torch.device,
) -> dict[str, Shaped[Tensor, "*batch _"]]:
    """Convert observations, checking keys and shapes.

    Args:
        obs: Key to array ``(*batch_shape, *shape)``; keys without a spec are ignored.
        specs: The keys the model was built for.
        batch_shape: Leading axes every array must have.
        device: Where the tensors go.

    Raises:
        SpaceError: A key is missing, an array does not have its space's shape, or it holds a class
            that its space does not have.
    """
    tensors = {}
    for key, spec in specs.items():
        if key not in obs:
            raise SpaceError(f"Observation key {key!r} is missing; got {sorted(obs)}.")
        array = np.asarray(obs[key])
        if array.shape != (*batch_shape, *spec.shape):
            raise SpaceError(
                f"Observation key {key!r} has shape {array.shape}, expected "
                f"{(*batch_shape, *spec.shape)}: the batch's axes, then the space's."
            )
        _check_classes(array, spec)
        tensors[key] = _tensor(array, device)
    return tensors


def _check_classes(array: np.ndarray, spec: ObservationSpec) -> None:
    """Refuse what would be no row of an embedding and no one-hot vector."""
    if spec.modality not in ("discrete", "tokens"):
        return
    flat = array.reshape(-1, spec.flat_size).astype(np.int64)
    classes, offset = np.asarray(spec.classes), np.asarray(spec.offset)
    outside = (flat < offset) | (flat >= offset + classes)
    if outside.any():
        raise SpaceError(
            f"Observation key {spec.key!r} holds {flat[outside][0]}; its {spec.modality} values "
            f"are {offset.min()} to {(offset + classes).max() - 1}."
        )


def _tensor(array: np.ndarray, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    # contiguous: torch refuses the negative strides of flipped pictures
    return torch.as_tensor(np.ascontiguousarray(array), dtype=dtype, device=device)


def _context(context: Context, config: RSSMConfig, device: torch.device) -> RSSMState:
    valid = torch.as_tensor(context["valid"], dtype=torch.float32, device=device)
    deter = torch.as_tensor(context["deter"], dtype=torch.float32, device=device)
    index = torch.as_tensor(context["stoch"], dtype=torch.int64, device=device)
    stoch = F.one_hot(index.clamp(0, config.classes - 1), config.classes).float()
    return RSSMState(deter * valid[:, None], stoch * valid[:, None, None])
