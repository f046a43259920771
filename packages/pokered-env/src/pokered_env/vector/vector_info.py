"""How the infos of many environments become one, as Gymnasium's vector environments have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

AddInfo = Callable[[dict[str, Any], dict[str, Any], int], dict[str, Any]]
"""`gymnasium.vector.VectorEnv._add_info`."""


def gather(infos: Sequence[dict[str, Any]], add_info: AddInfo) -> dict[str, Any]:
    """Join infos as ``add_info`` does it, much faster where all of them have the same keys.

    Args:
        infos: One of each environment, ``N`` in all.
        add_info: Gymnasium's way, taken where keys differ.

    Returns:
        By key an array ``(N,)`` of numbers, ``(N, ...)`` of arrays, else of objects, and by
        ``_key`` which environments have it. Where that is all of them, it is one array for all
        keys, not to be written to.
    """
    keys = tuple(infos[0])
    if not keys or any([tuple(info) != keys for info in infos]):
        return _gather_slowly(infos, add_info)
    everyone = np.ones(len(infos), np.bool_)
    everyone.flags.writeable = False
    gathered: dict[str, Any] = dict.fromkeys(_mask_names(keys), everyone)
    for key, values in zip(keys, zip(*map(dict.values, infos), strict=True), strict=True):
        kind = type(values[0])
        if kind in _NUMBERS or issubclass(kind, _ARRAYS):
            gathered[key] = np.array(values)
        elif kind is dict and key != "final_obs":
            gathered[key] = gather(values, add_info)
        else:
            gathered[key] = _objects(values)
    return gathered


def _gather_slowly(infos: Sequence[dict[str, Any]], add_info: AddInfo) -> dict[str, Any]:
    gathered: dict[str, Any] = {}
    for i, info in enumerate(infos):
        gathered = add_info(gathered, info, i)
    return gathered


def _objects(values: tuple[Any, ...]) -> NDArray[np.object_]:
    array = np.empty(len(values), object)
    for i, value in enumerate(values):  # one by one: numpy would unpack tuples
        array[i] = value
    return array


_NUMBERS = (int, float, bool)
_ARRAYS = (np.ndarray, np.number)


@lru_cache(maxsize=64)
def _mask_names(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"_{key}" for key in keys)
