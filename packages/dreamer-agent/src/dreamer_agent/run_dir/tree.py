"""Nested builtins, bytes, arrays and tensors as JSON plus a flat table of tensors; no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

__all__ = ["join", "split"]


def split(tree: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    """Take everything that is not JSON out of a tree.

    Args:
        tree: Dicts with string keys, lists, tuples (become lists), builtins, bytes, numpy arrays
            and tensors.

    Returns:
        The JSON-able rest, where ``{"tensor": path}`` stands for what was taken out, and a table
        path → tensor.

    Raises:
        TypeError: A leaf is of another type; the message names its path.
    """
    table: dict[str, torch.Tensor] = {}
    return _split(tree, "", table), table


def join(rest: Any, table: Mapping[str, torch.Tensor]) -> Any:
    """Undo ``split``."""
    if isinstance(rest, list):
        return [join(item, table) for item in rest]
    if not isinstance(rest, dict):
        return rest
    if set(rest) == {"dict"}:
        return {key: join(value, table) for key, value in rest["dict"].items()}
    ((kind, path),) = rest.items()
    tensor = table[path]
    if kind == "tensor":
        return tensor
    return tensor.numpy() if kind == "array" else tensor.numpy().tobytes()


def _split(tree: Any, path: str, table: dict[str, torch.Tensor]) -> Any:
    if isinstance(tree, Mapping):
        items = tree.items()
        return {"dict": {str(k): _split(v, f"{path}/{k}", table) for k, v in items}}
    if isinstance(tree, (list, tuple)):
        return [_split(value, f"{path}/{i}", table) for i, value in enumerate(tree)]
    if isinstance(tree, torch.Tensor):
        table[path] = tree.detach().cpu().contiguous().clone()
        return {"tensor": path}
    if isinstance(tree, np.generic):
        return tree.item()
    if isinstance(tree, np.ndarray):
        return _take_array(tree, path, table)
    if isinstance(tree, bytes):
        table[path] = torch.frombuffer(bytearray(tree) or bytearray(1), dtype=torch.uint8)
        table[path] = table[path][: len(tree)].clone()
        return {"bytes": path}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    raise TypeError(f"A checkpoint cannot hold {type(tree).__name__} (at {path or '/'}).")


def _take_array(array: np.ndarray[Any, Any], path: str, table: dict[str, torch.Tensor]) -> Any:
    try:
        table[path] = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape).copy())
    except TypeError as error:
        raise TypeError(
            f"A checkpoint cannot hold an array of {array.dtype} (at {path})."
        ) from error
    return {"array": path}
