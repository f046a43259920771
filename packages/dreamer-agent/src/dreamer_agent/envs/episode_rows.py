"""From a vector environment to rows: the one place where is_first, is_last, is_terminal are set.

A row holds what arrived together, so an episode of n steps has n + 1 rows: the reset row
(``is_first``, zero action, zero reward) and one per step. The three autoreset modes of Gymnasium
differ only in when the reset row arrives; the replay ends up the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from dreamer_agent.envs.contract import ValueCheck, check_rewards
from dreamer_agent.envs.episode import Episode, read_summary
from dreamer_agent.envs.resumable import episode_seed, load_each, save_all
from dreamer_agent.errors import EnvError
from dreamer_agent.replay import make_row
from dreamer_agent.spaces.keys import as_dict_space, by_key, check_supported

__all__ = ["EpisodeRows", "Row"]

Row = dict[str, Any]


class EpisodeRows:
    """Steps a vector environment in any autoreset mode and returns rows.

    Args:
        env: The vector environment; ``metadata["autoreset_mode"]`` says how it resets.
        seed: Root of the episodes' seeds.
        mask_key: Observation key under which ``info["action_mask"]`` is put, if there is one.
        dropped: Observation keys to leave out, of whatever space.

    Attributes:
        observation_space: Dict space of one environment: the action mask included, without the
            dropped keys.
        action_space: Action space of one environment.
        obs: Current observations, ``(N, *shape)`` by key.
        is_first: ``(N,)`` bool, whether ``obs`` begins an episode.
        info: What the environment said beside its last step, as it gave it.
        lost_because: Why the last ``restore`` could not bring the episodes back.

    Raises:
        SpaceError: An observation key is of a space that agents cannot take.
        EnvError: The environment does not keep what its spaces promise; names the key.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        seed: int = 0,
        mask_key: str | None = "action_mask",
        dropped: Collection[str] = (),
    ) -> None:
        self.env = env
        self.num_envs = env.num_envs
        self.mode = AutoresetMode(env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP))
        self.action_space = env.single_action_space
        self.modalities: Mapping[str, str] = dict(env.metadata.get("modalities") or {})
        self._seed = seed
        self._mask_key = mask_key
        self._mask: NDArray[np.uint8] | None = None
        self._episodes = [0] * self.num_envs
        self._ended = np.zeros(self.num_envs, np.bool_)
        self.lost_because = ""
        self.info: Mapping[str, Any] = {}
        self.observation_space = _without(as_dict_space(env.single_observation_space), dropped)
        check_supported(self.observation_space)
        self._zero_action = np.zeros(self.action_space.shape or (), self.action_space.dtype)
        self._first_rows = self._reset_all()

    def _reset_all(self) -> list[tuple[int, Row]]:
        seeds = [episode_seed(self._seed, *numbered) for numbered in enumerate(self._episodes)]
        # only environments that we reset one by one are known to take a list
        disabled = self.mode == AutoresetMode.DISABLED
        obs, info = self._call("reset", self.env.reset, seed=seeds if disabled else seeds[0])
        self._ended = np.zeros(self.num_envs, np.bool_)
        self.is_first = np.ones(self.num_envs, np.bool_)
        if self._mask_key and "action_mask" in info and self._mask_key not in by_key(obs):
            shape = np.shape(info["action_mask"][0])
            mask_space = gym.spaces.Box(0, 1, shape, np.uint8)
            self._mask = np.ones((self.num_envs, *shape), np.uint8)
            spaces = {**self.observation_space.spaces, self._mask_key: mask_space}
            self.observation_space = gym.spaces.Dict(spaces)
        self._values = ValueCheck(self.observation_space)
        self._read(obs, info)
        return [(index, self._reset_row(index)) for index in range(self.num_envs)]

    def first_rows(self) -> list[tuple[int, Row]]:
        """Reset rows of the episodes begun at construction, or by :meth:`begin_anew`."""
        return self._first_rows

    @property
    def action_mask(self) -> NDArray[Any] | None:
        """Which choices are allowed now, ``(N, *shape)``, if that is observed."""
        return self.obs.get(self._mask_key) if self._mask_key else None

    def begin_anew(self) -> None:
        """Give up the running episodes and begin the next ones; see ``first_rows``."""
        self._episodes = [number + 1 for number in self._episodes]
        self._first_rows = self._reset_all()

    def step(self, actions: NDArray[Any]) -> tuple[list[tuple[int, Row]], list[Episode]]:
        """Step every environment once.

        Returns:
            (environment, row) pairs in the order they happened, and the episodes that ended.
            Scores and lengths of those episodes are left to the caller: only summaries are set.

        Raises:
            EnvError: The environment raised, or returned what is not finite.
        """
        obs, reward, terminated, truncated, info = self._call("step", self.env.step, actions)
        reward = check_rewards(reward, self.num_envs)
        self.info = info
        was_reset = self._ended.copy() if self.mode == AutoresetMode.NEXT_STEP else None
        ended = np.logical_or(terminated, truncated)
        self._read(obs, info)
        rows: list[tuple[int, Row]] = []
        episodes: list[Episode] = []
        for index in range(self.num_envs):
            if was_reset is not None and was_reset[index]:
                rows.append((index, self._reset_row(index)))
                continue
            rows.append(
                (
                    index,
                    make_row(
                        self._obs_of(index, info, bool(ended[index])),
                        actions[index],
                        float(reward[index]),
                        is_last=bool(ended[index]),
                        is_terminal=bool(terminated[index]),
                    ),
                )
            )
            if ended[index]:
                self._episodes[index] += 1
                episodes.append(Episode(index, 0.0, 0, read_summary(info, index)))
        return rows + self._after(ended, was_reset), episodes

    def _after(
        self, ended: NDArray[np.bool_], was_reset: NDArray[np.bool_] | None
    ) -> list[tuple[int, Row]]:
        """Reset rows that belong to this step, and who begins an episode now."""
        if was_reset is not None:
            self._ended, self.is_first = ended, was_reset
            return []
        self.is_first = ended
        if self.mode == AutoresetMode.DISABLED and ended.any():
            seeds = [
                episode_seed(self._seed, index, self._episodes[index]) if ended[index] else None
                for index in range(self.num_envs)
            ]
            options = {"reset_mask": ended.copy()}
            self._read(*self._call("reset", self.env.reset, seed=seeds, options=options))
        return [(int(index), self._reset_row(int(index))) for index in np.flatnonzero(ended)]

    def _reset_row(self, index: int) -> Row:
        return make_row(self._current(index), self._zero_action, 0.0, is_first=True)

    def _current(self, index: int) -> Row:
        return {key: values[index] for key, values in self.obs.items()}

    def _obs_of(self, index: int, info: Mapping[str, Any], ended: bool) -> Row:
        """The observation this step led to: the final one where the environment reset at once."""
        if not (ended and self.mode == AutoresetMode.SAME_STEP):
            return self._current(index)
        if "final_obs" not in info:
            raise EnvError(
                'The vector environment resets in the same step but gives no info["final_obs"]; '
                "the last observation of the episode is lost. Use autoreset NEXT_STEP or add it."
            )
        final = info["final_obs"][index]
        named = {key: np.asarray(value)[None] for key, value in by_key(final).items()}
        if self._mask is not None and self._mask_key:
            named[self._mask_key] = np.ones_like(self._mask[:1])
        return {key: value[0] for key, value in self._values.check(named, 1).items()}

    def _read(self, obs: Any, info: Mapping[str, Any]) -> None:
        named = by_key(obs)
        if self._mask is not None and self._mask_key:
            if "action_mask" in info:
                present = info.get("_action_mask", np.ones(self.num_envs, np.bool_))
                for index in np.flatnonzero(present):
                    self._mask[index] = info["action_mask"][index]
            named[self._mask_key] = self._mask.copy()
        self.obs: dict[str, NDArray[Any]] = self._values.check(named, self.num_envs)

    @staticmethod
    def _call(what: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except EnvError:
            raise
        except Exception as error:
            raise EnvError(
                f"The environment failed in {what}: {type(error).__name__}: {error}"
            ) from error

    def state(self, with_episodes: bool = True) -> dict[str, Any]:
        """Return what ``restore`` needs to continue these very episodes, or with new ones."""
        one_by_one = self.mode == AutoresetMode.DISABLED
        envs: Any = save_all(self.env, one_by_one) if with_episodes else None
        return {
            "envs": envs,
            "episodes": list(self._episodes),
            "ended": self._ended.tolist(),
            "is_first": self.is_first.tolist(),
            "obs": {key: np.asarray(values) for key, values in self.obs.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Return to a saved state.

        Returns:
            False if this environment cannot: then new episodes have begun (see ``first_rows``),
            and ``lost_because`` says why.
        """
        if not self._load_envs(state["envs"]):
            self._episodes = list(state["episodes"])
            self.begin_anew()
            return False
        self._episodes = list(state["episodes"])
        self._ended = np.array(state["ended"], np.bool_)
        self.is_first = np.array(state["is_first"], np.bool_)
        self.obs = {key: np.asarray(values) for key, values in state["obs"].items()}
        if self._mask is not None and self._mask_key:
            self._mask = self.obs[self._mask_key].copy()
        return True

    def _load_envs(self, saved: Any) -> bool:
        if saved is None:
            self.lost_because = "they were not saved: it has no save() and load(), or had failed"
            return False
        try:
            if hasattr(self.env, "load"):
                self.env.load(saved)
            else:
                load_each(self.env, saved)
        except Exception as error:  # whatever a foreign load() raises, e.g. after an upgrade
            self.lost_because = f"{type(error).__name__}: {error}"
            return False
        return True


def _without(space: gym.spaces.Dict, dropped: Collection[str]) -> gym.spaces.Dict:
    return gym.spaces.Dict({k: part for k, part in space.spaces.items() if k not in dropped})
