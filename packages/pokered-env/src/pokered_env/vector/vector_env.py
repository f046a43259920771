"""Many environments in one process, on threads: PyBoy computes frames without Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any
from weakref import finalize

import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, create_empty_array
from numpy.typing import NDArray

from pokered_env.arguments import seed_number, step_limit
from pokered_env.emulation.actions import action_number
from pokered_env.env import PokeRedEnv
from pokered_env.errors import ConfigError, InvalidActionError, ResetNeededError, add_note
from pokered_env.registration import with_step_limit
from pokered_env.vector.vector_arguments import autoreset_mode_named, count, mask_of
from pokered_env.vector.vector_info import gather
from pokered_env.vector.workers import Workers

VectorStep = tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]
"""Observations, rewards, terminations, truncations and infos of all environments."""


class PokeRedVectorEnv(VectorEnv[Any, Any, Any]):
    """``num_envs`` environments that step at the same time and write into the same arrays.

    What each of them does is, bit for bit, what it would do alone. If one raises an exception, the
    others do their step or reset all the same; the exception says whose it is, and `failed_step`
    what became of the others.

    Args:
        num_envs: Number of environments.
        autoreset_mode: Gymnasium's: `NextStep` (the step after an episode's last one resets and
            ignores the action), `SameStep` (the last step also resets; `infos["final_obs"]` and
            `infos["final_info"]` hold what it ended with) or `Disabled` (reset with
            `options={"reset_mask": mask}`).
        num_threads: Threads that step; None for as many as there are processors or environments,
            and for one where there are windows.
        copy: Return copies of the batch arrays. Without, every step overwrites what the last
            returned.
        max_episode_steps: Gymnasium's name for `max_steps`; of both, the smaller counts.
        env_kwargs: Arguments of `PokeRedEnv`, the same for all.

    Attributes:
        envs: The environments.
        failed_step: What `step` would have returned if the last one had not raised the exception of
            an environment; nothing of that one is in `infos`. None after any other step or reset.

    Raises:
        ConfigError: An argument is outside its range.
        PokeRedError: As `PokeRedEnv` does.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_threads: int | None = None,
        copy: bool = True,
        max_episode_steps: int | None = None,
        **env_kwargs: Any,
    ) -> None:
        self.num_envs = count("num_envs", num_envs)
        self.autoreset_mode = autoreset_mode_named(autoreset_mode)
        self._copy = copy
        self.envs: list[PokeRedEnv] = []
        if max_episode_steps is not None:
            limit = step_limit("max_episode_steps", max_episode_steps)
            own = step_limit("max_steps", env_kwargs.get("max_steps"))
            env_kwargs["max_steps"] = int(min(limit, own))
        has_windows = env_kwargs.get("render_mode") == "human"
        processors = 1 if has_windows else min(self.num_envs, os.cpu_count() or 1)
        threads = count("num_threads", processors if num_threads is None else num_threads)
        self._workers = Workers(threads - 1)  # the calling thread works too
        finalize(self, self._workers.let_go)  # a forgotten close() leaves no threads behind
        try:
            for _ in range(self.num_envs):
                self.envs.append(PokeRedEnv(**env_kwargs))
        except BaseException:
            self.close_extras()
            raise

        first = self.envs[0]
        self.failed_step: VectorStep | None = None
        self._spec: EnvSpec | None = None
        self.metadata = {**first.metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = first.render_mode
        self.single_observation_space = first.observation_space
        self.single_action_space = first.action_space
        self.observation_space = batch_space(first.observation_space, self.num_envs)
        self.action_space = batch_space(first.action_space, self.num_envs)

        batch: Any = create_empty_array(first.observation_space, self.num_envs)
        self._observations: dict[str, NDArray[Any]] = batch
        self._rows: list[Any] = [
            {key: array[i] for key, array in batch.items()} for i in range(self.num_envs)
        ]
        self._rewards = np.zeros(self.num_envs)
        self._terminations = np.zeros(self.num_envs, np.bool_)
        self._truncations = np.zeros(self.num_envs, np.bool_)
        self._is_over = np.zeros(self.num_envs, np.bool_)

    @property
    def spec(self) -> EnvSpec | None:
        """How `gym.make_vec` made it, with the step limit it has."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        max_steps = step_limit("max_steps", self.envs[0].arguments["max_steps"])
        self._spec = with_step_limit(spec, max_steps)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Start episodes.

        Args:
            seed: One for each environment, or a number n for n, n + 1, …
            options: Those of `PokeRedEnv.reset`; a `state` may be a list with one for each
                environment. `reset_mask`, ``(num_envs,)`` of bool, resets only some.

        Returns:
            Observations with a leading axis of environments, and infos.
        """
        seeds = self._each_seed(seed)
        env_options = dict(options or {})
        mask = mask_of(env_options.pop("reset_mask", None), self.num_envs)
        states = env_options.pop("state", None)
        each = states if isinstance(states, list | tuple) else [states] * self.num_envs
        if len(each) != self.num_envs:
            raise ConfigError(f"{len(each)} states for {self.num_envs} environments.")
        infos: list[dict[str, Any]] = [{} for _ in self.envs]

        def reset_one(i: int) -> None:
            options = {**env_options, "state": each[i]}
            infos[i] = dict(self.envs[i].reset_into(self._rows[i], seed=seeds[i], options=options))
            self._keep(i, 0.0, False, False)

        self.failed_step = None
        self._run(reset_one, np.flatnonzero(mask).tolist())
        return self._batch(), gather(infos, self._add_info)

    def step(self, actions: Any) -> VectorStep:
        """Step every environment.

        Args:
            actions: One for each environment, ``(num_envs,)``.

        Returns:
            Observations, rewards, terminations, truncations and infos, with a leading axis of
            environments.

        Raises:
            InvalidActionError: There is no such action; no environment has stepped.
            ResetNeededError: An environment waits for `reset`.
            Exception: What an environment raised, once all have stepped; see `failed_step`.
        """
        self._workers.wait()
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,):
            raise InvalidActionError(
                f"Actions of shape {chosen.shape} for {self.num_envs} environments; pass one each."
            )
        if self.autoreset_mode is AutoresetMode.DISABLED and self._is_over.any():
            raise ResetNeededError(
                f"Episodes {np.flatnonzero(self._is_over).tolist()} are over. Reset them with "
                'options={"reset_mask": mask}.'
            )
        buttons = self.envs[0].buttons
        numbers = [  # all before any steps
            0 if self._awaits_reset(i) else action_number(action, buttons)
            for i, action in enumerate(chosen.tolist())
        ]
        infos: list[dict[str, Any]] = [{} for _ in self.envs]
        self.failed_step = None
        try:
            self._run(lambda i: self._step_one(i, numbers[i], infos), range(self.num_envs))
        except Exception:
            self.failed_step = self._outcome(infos)
            raise
        return self._outcome(infos)

    def _outcome(self, infos: list[dict[str, Any]]) -> VectorStep:
        return (
            self._batch(),
            self._rewards.copy(),
            self._terminations.copy(),
            self._truncations.copy(),
            gather(infos, self._add_info),
        )

    def save(self) -> list[bytes]:
        """Keep every environment, as `PokeRedEnv.save` does.

        Raises:
            ResetNeededError: No episodes have begun.
        """
        return [env.save() for env in self.envs]

    def load(self, saved: Sequence[bytes]) -> None:
        """Go back to what `save` kept; an ended episode awaits its reset as it did then.

        Raises:
            ConfigError: There is not one for each environment.
            StateError: The bytes are no snapshots of these environments.
        """
        if not isinstance(saved, list | tuple) or len(saved) != self.num_envs:
            found = f"{len(saved)}" if isinstance(saved, list | tuple) else repr(saved)[:40]
            raise ConfigError(f"{found} snapshots for {self.num_envs} environments.")
        goes = [env.prepare_load(each) for env, each in zip(self.envs, saved, strict=True)]
        for i, (env, go) in enumerate(zip(self.envs, goes, strict=True)):
            go()
            self._is_over[i] = env.is_over

    def render(self) -> tuple[Any, ...]:
        """Return what each environment's `render` returns."""
        return tuple(env.render() for env in self.envs)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every environment, or get an attribute of each."""
        values = [getattr(env, name) for env in self.envs]
        return tuple(value(*args, **kwargs) if callable(value) else value for value in values)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Get an attribute of every environment."""
        return self.call(name)

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environments."""
        self._workers.close()
        for env in self.envs:
            env.close()

    def _step_one(self, i: int, action: int, infos: list[dict[str, Any]]) -> None:
        env, row = self.envs[i], self._rows[i]
        self._rewards[i], self._terminations[i], self._truncations[i] = 0.0, False, False
        if self._awaits_reset(i):
            infos[i] = dict(env.reset_into(row))
            self._is_over[i] = False
            return
        reward, terminated, truncated, info = env.step_into(action, row)
        self._keep(i, reward, terminated, truncated)
        infos[i] = dict(info)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and self._is_over[i]:
            infos[i] = {"final_obs": deepcopy(row), "final_info": infos[i]}
            infos[i].update(env.reset_into(row))

    def _keep(self, i: int, reward: float, terminated: bool, truncated: bool) -> None:
        self._rewards[i], self._is_over[i] = reward, terminated or truncated
        self._terminations[i], self._truncations[i] = terminated, truncated

    def _run(self, work: Callable[[int], None], indices: Iterable[int]) -> None:
        """Do what every environment is to do; an error says whose it is, the others have done it.

        The one that raised is as its `step` or `reset` left it, and no other has stepped twice or
        been left out: `envs[i].reset()`, or `reset` with a `reset_mask`, goes on from there.
        """
        errors: dict[int, Exception] = {}

        def attempt(i: int) -> None:
            try:
                work(i)
            except Exception as error:
                errors[i] = error

        self._workers.run(attempt, indices)
        if errors:
            first = min(errors)
            others = f" (and {sorted(set(errors) - {first})})" if len(errors) > 1 else ""
            add_note(errors[first], f"Raised by environment {first} of {self.num_envs}{others}.")
            raise errors[first]

    def _awaits_reset(self, i: int) -> bool:
        return self.autoreset_mode is AutoresetMode.NEXT_STEP and bool(self._is_over[i])

    def _batch(self) -> Any:
        if not self._copy:
            return self._observations
        return {key: array.copy() for key, array in self._observations.items()}

    def _each_seed(self, seed: Any) -> Sequence[int | None]:
        if np.ndim(seed) == 0:
            first = seed_number("seed", seed)
            return [None if first is None else first + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ConfigError(f"{len(seed)} seeds for {self.num_envs} environments.")
        return [seed_number("seed", each) for each in seed]
