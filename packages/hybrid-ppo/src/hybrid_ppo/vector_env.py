"""A Gymnasium vector environment as SB3 wants it, which can go on in the middle of episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from dreamer_agent import Agent, EpisodeRows
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from hybrid_ppo.errors import ConfigError, ObservationKeyError

_OBS = "obs/"
_BATCHED = (np.ndarray, list, tuple)


class VectorEnvAdapter(VecEnv):
    """An SB3 ``VecEnv`` on the rows of a Gymnasium ``VectorEnv``.

    Observations are a ``Dict``, a single array has the key ``"observation"``; an action mask that
    the agent learned with is among them, and ``action_masks()`` gives it to ``MaskablePPO``.
    Returns and lengths of episodes are in the infos, as SB3's ``Monitor`` puts them there.

    Args:
        rows: The environments, as the agent reads them; :meth:`around` makes them.

    Raises:
        ConfigError: The environment resets in the step after the last one, which SB3 cannot take.
    """

    def __init__(self, rows: EpisodeRows) -> None:
        if rows.mode is AutoresetMode.NEXT_STEP:
            raise ConfigError(
                "This vector environment resets in the step after an episode's last one, and SB3 "
                "has no such step. Make it with "
                "autoreset_mode=gymnasium.vector.AutoresetMode.DISABLED (or SAME_STEP)."
            )
        self.rows = rows
        super().__init__(rows.num_envs, rows.observation_space, rows.action_space)
        self._actions: NDArray[Any] = np.zeros(rows.num_envs)
        self._score = np.zeros(rows.num_envs)
        self._length = np.zeros(rows.num_envs, np.int64)
        self._is_fresh = True

    @classmethod
    def around(cls, env: VectorEnv[Any, Any, Any], agent: Agent, seed: int = 0) -> VectorEnvAdapter:
        """Adapt an environment to SB3, and to what the agent expects to observe.

        Args:
            env: Must reset when asked to, or in an episode's last step.
            agent: Whose world model is to filter it.
            seed: Root of the episodes' seeds.
        """
        config = agent.config
        return cls(EpisodeRows(env, seed, config.action_mask, config.dropped_keys))

    def reset(self) -> dict[str, NDArray[Any]]:
        """Begin new episodes; the first time, those that construction began."""
        if not self._is_fresh:
            self.rows.begin_anew()
        self._is_fresh = False
        self._score[:] = self._length[:] = 0
        return self._obs()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take actions ``(N, *action_shape)``; they are sent by :meth:`step_wait`."""
        self._actions = np.asarray(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """Return observations, rewards, dones and infos as SB3 expects them."""
        rows, ended = self.rows.step(self._actions)
        self._is_fresh = False
        arrived = {index: row for index, row in rows if not row["is_first"]}
        summaries = {episode.env_index: episode.summary for episode in ended}
        rewards = np.array([arrived[i]["reward"] for i in range(self.num_envs)], np.float32)
        dones = np.array([arrived[i]["is_last"] for i in range(self.num_envs)], np.bool_)
        self._score += rewards
        self._length += 1
        infos = [_info_of(self.rows.info, index) for index in range(self.num_envs)]
        for index in np.flatnonzero(dones).tolist():
            infos[index] |= self._ending(index, arrived[index], summaries.get(index, {}))
        return self._obs(), rewards, dones, infos

    def _ending(self, index: int, row: Mapping[str, Any], summary: Any) -> dict[str, Any]:
        episode = {"r": float(self._score[index]), "l": int(self._length[index])}
        self._score[index] = self._length[index] = 0
        return {
            "terminal_observation": {
                key.removeprefix(_OBS): np.array(value)
                for key, value in row.items()
                if key.startswith(_OBS)
            },
            "TimeLimit.truncated": not row["is_terminal"],
            "episode": episode,
            "episode_numbers": dict(summary),
        }

    def _obs(self) -> dict[str, NDArray[Any]]:
        return {key: np.array(values) for key, values in self.rows.obs.items()}

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs to go on in the middle of these episodes."""
        return {
            "rows": self.rows.state(),
            "score": self._score.copy(),
            "length": self._length.copy(),
            "is_fresh": self._is_fresh,
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Return to a saved state.

        Returns:
            False if these environments cannot: then new episodes have begun.
        """
        if not self.rows.restore(state["rows"]):
            self._is_fresh = True
            return False
        self._score, self._length = np.array(state["score"]), np.array(state["length"])
        self._is_fresh = state["is_fresh"]
        return True

    def action_masks(self) -> NDArray[np.bool_]:
        """Return which actions are allowed now, ``(N, choices)``; for ``MaskablePPO``.

        Raises:
            ObservationKeyError: Neither observations nor environments have a mask.
        """
        if self.rows.action_mask is not None:
            return self.rows.action_mask.astype(np.bool_).reshape(self.num_envs, -1)
        try:
            return np.stack(_call(self.rows.env, "action_masks"))
        except AttributeError:
            raise ObservationKeyError(
                "These environments give no action mask: there is nothing MaskablePPO could mask "
                "with. Train them with PPO."
            ) from None

    def close(self) -> None:
        """Close the environments."""
        self.rows.env.close()

    def has_attr(self, attr_name: str) -> bool:
        """Whether every environment has it; masks may be given in other ways."""
        return attr_name == "action_masks" or super().has_attr(attr_name)

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of each environment, or the vector environment's for each."""
        env: Any = self.rows.env
        if attr_name == "render_mode":
            values: Sequence[Any] = [env.render_mode] * self.rows.num_envs
        elif hasattr(env, "get_attr"):
            values = env.get_attr(attr_name)
        else:
            values = [getattr(env, attr_name)] * self.rows.num_envs
        return [values[index] for index in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the chosen environments."""
        chosen = set(self._chosen(indices))
        values = [
            value if index in chosen else old for index, old in enumerate(self.get_attr(attr_name))
        ]
        self.rows.env.set_attr(attr_name, values)  # type: ignore[attr-defined]

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Call a method of each environment; all are called, the chosen answers returned."""
        if method_name == "action_masks":
            values: Sequence[Any] = list(self.action_masks())
        else:
            values = _call(self.rows.env, method_name, *method_args, **kwargs)
        return [values[index] for index in self._chosen(indices)]

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Say yes to ``Monitor``, whose numbers are in the infos; other wrappers are not seen."""
        return [wrapper_class is Monitor for _ in self._chosen(indices)]

    def get_images(self) -> Sequence[NDArray[Any] | None]:
        """Return what each environment renders."""
        images: Any = self.rows.env.render()
        return list(images or [None] * self.num_envs)

    def _chosen(self, indices: VecEnvIndices) -> list[int]:
        return [indices] if isinstance(indices, int) else list(indices or range(self.num_envs))


def _call(env: Any, name: str, *args: Any, **kwargs: Any) -> Sequence[Any]:
    if not hasattr(env, "call"):
        raise AttributeError(f"{type(env).__name__} cannot call {name} of its environments.")
    return list(env.call(name, *args, **kwargs))


def _info_of(info: Mapping[str, Any], index: int) -> dict[str, Any]:
    """One environment's part of a vector environment's info, where ``_key`` says who has it."""
    found: dict[str, Any] = {}
    for key, values in info.items():
        has_it = info.get(f"_{key}")
        if key.startswith("_") or (has_it is not None and not has_it[index]):
            continue
        if isinstance(values, Mapping):
            found[key] = _info_of(values, index)
        else:
            found[key] = values[index] if isinstance(values, _BATCHED) else values
    return found
