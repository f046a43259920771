"""How far the world model sees: errors of open-loop predictions by number of steps ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.model.open_loop import OpenLoop

__all__ = ["HorizonErrors", "open_loop_errors", "select_horizons"]

HorizonErrors = dict[str, NDArray[np.float64]]
"""Measure → value at 1, 2, … steps ahead, ``(H,)``; NaN where no sequence reaches that far."""


Fields = Mapping[str, Sequence[Mapping[str, Any]]]
"""Vector key → its parts: ``name``, ``start``, ``size``, and ``scale`` to get its own unit."""


def open_loop_errors(
    result: OpenLoop,
    modalities: Mapping[str, str],
    is_first: NDArray[np.bool_],
    fields: Fields | None = None,
) -> HorizonErrors:
    """Compare predictions with what happened, per step ahead.

    Measures by modality: images ``mae`` (as a rule of 255) and ``mae_copy``, that of repeating the
    last frame seen; masks ``iou``; tokens ``accuracy`` (of characters, without padding and pages
    that are empty in both) and ``exact``;
    vectors ``mae`` in the observation's own units, and that of each field in the field's (e.g.
    ``state.party_level/mae`` in levels); discrete and binary ``accuracy``. Reward and continue:
    ``mae``; reward also ``auc``: how likely a step that paid more than the mean is predicted to pay
    more than one that did not (0.5: no better than chance; NaN where all paid alike). Steps after a
    reset that the model could not see are left out.

    Args:
        result: From ``WorldModel.open_loop``, ``(B, T, ...)``.
        modalities: Modality of each key.
        is_first: ``(B, T)`` of the batch.
        fields: What the parts of vectors are, ``env.metadata["fields"]``.
    """
    start = result.context_steps
    counted = ~np.logical_or.accumulate(is_first[:, start:], axis=1)  # (B, H)
    errors: HorizonErrors = {}
    for key, (truth, predicted) in result.observations.items():
        last, modality = truth[:, start - 1 : start], modalities.get(key, "vector")
        truth, predicted = truth[:, start:], predicted[:, start:]
        measures = _measure(modality, truth, predicted, last)
        errors |= {f"{key}/{name}": _mean(values, counted) for name, values in measures.items()}
        if modality == "vector":
            parts = _field_errors(truth, predicted, (fields or {}).get(key, ()))
            errors |= {f"{key}.{name}/mae": _mean(values, counted) for name, values in parts}
    for name, (truth, predicted) in (("reward", result.reward), ("continue", result.continues)):
        difference = np.abs(truth[:, start:] - predicted[:, start:])
        errors[f"{name}/mae"] = _mean(difference, counted)
    truth, predicted = result.reward
    errors["reward/auc"] = _auc(truth[:, start:], predicted[:, start:], counted)
    return errors


def select_horizons(errors: HorizonErrors, horizons: tuple[int, ...]) -> dict[str, float]:
    """Pick some horizons, e.g. ``screen/mae@15``; those beyond the data are left out."""
    return {
        f"{name}@{horizon}": float(values[horizon - 1])
        for name, values in errors.items()
        for horizon in horizons
        if horizon <= len(values) and np.isfinite(values[horizon - 1])
    }


def _measure(
    modality: str, truth: NDArray[Any], predicted: NDArray[Any], last: NDArray
) -> dict[str, NDArray[np.float64]]:
    if modality == "tokens":
        return _text_measures(truth, predicted)
    if modality == "mask":
        a, b = _flat(truth) > 0, _flat(predicted) > 0  # any unit: a pixel is set or not
        union = (a | b).sum(-1)
        return {"iou": np.where(union > 0, (a & b).sum(-1) / np.maximum(union, 1), 1.0)}
    if modality in ("discrete", "binary"):
        return {"accuracy": (_flat(truth) == _flat(predicted)).mean(-1)}
    measures = {"mae": np.abs(_real(truth) - _real(predicted)).mean(-1)}
    if modality == "image":
        measures["mae_copy"] = np.abs(_real(truth) - _real(last)).mean(-1)
    return measures


def _field_errors(
    truth: NDArray[Any], predicted: NDArray[Any], fields: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    distance = np.abs(_real(truth) - _real(predicted))
    for field in fields:
        part = distance[..., field["start"] : field["start"] + field["size"]]
        yield field["name"], part.mean(-1) * field.get("scale", 1.0)


def _text_measures(truth: NDArray[Any], predicted: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    a, b = _flat(truth), _flat(predicted)
    written = (a != 0) | (b != 0)
    right = ((a == b) & written).sum(-1)
    count = written.sum(-1)
    accuracy = np.where(count > 0, right / np.maximum(count, 1), np.nan)
    return {"accuracy": accuracy, "exact": (a == b).all(-1).astype(np.float64)}


def _auc(
    truth: NDArray[Any], predicted: NDArray[Any], counted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Area under the ROC curve of "paid more than the mean", per step ahead, ties by half."""
    values = np.full(truth.shape[1], np.nan)
    if not counted.any():
        return values
    has_paid = truth > truth[counted].mean()
    for step, rows in enumerate(counted.T):
        paid = predicted[rows & has_paid[:, step], step]
        other = predicted[rows & ~has_paid[:, step], step]
        if len(paid) and len(other):
            difference = paid[:, None] - other
            values[step] = (np.sign(difference).mean() + 1) / 2
    return values


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(*values.shape[:2], -1)


def _real(values: NDArray[Any]) -> NDArray[np.float64]:
    return _flat(values).astype(np.float64)


def _mean(values: NDArray[np.float64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    counted = counted & np.isfinite(values)
    number = counted.sum(0)
    total = np.where(counted, values, 0).sum(0)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
