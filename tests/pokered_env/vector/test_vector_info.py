from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv
from pokered_env.vector.vector_info import gather

FULL: dict[str, Any] = {
    "x": 3,
    "reward": 0.5,
    "is_new": True,
    "mask": np.ones(4, np.int8),
    "share": np.float32(0.25),
    "party": (1, 2),
    "place": None,
    "text": "A",
    "terms": {"a": 1.0, "b": {"c": 2}},
    "final_obs": {"screen": np.zeros(3, np.uint8)},
}
OTHER = {**FULL, "x": 4, "party": (), "place": (1, 2), "terms": {"a": 0.0, "b": {"c": 5}}}
DEEPER = {**FULL, "terms": {"a": 0.0}}
REORDERED = dict(reversed(FULL.items()))


class Environments(VectorEnv[Any, Any, Any]):
    num_envs = 3

    def gathered(self, infos: list[dict[str, Any]]) -> dict[str, Any]:
        joined: dict[str, Any] = {}
        for i, info in enumerate(infos):
            joined = self._add_info(joined, info, i)
        return joined


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray) and a.dtype == object:
        return b.dtype == object and all(same(x, y) for x, y in zip(a, b, strict=True))
    return np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b)


@pytest.mark.parametrize(
    "infos",
    [
        [FULL, OTHER, FULL],
        [FULL, {}, OTHER],
        [{}, {}, {}],
        [FULL, OTHER, DEEPER],
        [FULL, OTHER, REORDERED],
        [FULL, {"x": 1}, {**FULL, "extra": "e"}],
    ],
    ids=["alike", "one empty", "empty", "unlike inside", "other order", "other keys"],
)
def test_infos_are_joined_as_gymnasium_joins_them(infos: list[dict[str, Any]]) -> None:
    environments = Environments()
    assert same(gather(infos, environments._add_info), environments.gathered(infos))
