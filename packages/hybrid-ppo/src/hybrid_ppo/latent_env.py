"""Run a world model's filter inside the environment, so that stock PPO sees its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dreamer_agent import Agent, AgentState
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from hybrid_ppo.errors import ConfigError, ObservationKeyError
from hybrid_ppo.filter_history import (
    FilterHistory,
    FilterStep,
    Observations,
    as_dict,
    state_from,
)
from hybrid_ppo.record import RowRecorder

FEATURES = "features"
"""Key of the world model's features when raw observation keys are passed on beside them."""


class LatentBox(spaces.Box):
    """Space of world-model features; by its type a policy knows that the env is wrapped."""


class WorldModelVecEnv(VecEnvWrapper):
    """Replace observations by the features of a recurrent world model.

    SB3's policies are functions of one observation, a world model is recurrent. So the recurrence
    runs here: one batched posterior step per environment step, with the state of every environment
    kept between steps and reset where an episode ended. PPO's shuffled minibatches are then right,
    because the features already carry the past. The filter takes the posterior's mode, so the same
    history always gives the same features.

    ``infos[i]["terminal_observation"]``, from which SB3 bootstraps truncated episodes, is filtered
    with the state *before* the reset.

    Args:
        venv: The vector environment; its spaces must be the ones the agent was built for.
        agent: The agent whose world model filters.
        include_raw: Observation keys to pass on unchanged; with any, observations are a ``Dict`` of
            these and ``"features"``.
        recorder: Receives every row as it arrives, for co-training; None records nothing.
        history_steps: Environment steps to remember, so that :meth:`refilter` can bring the states
            up to date after the world model changed; with 0 they stay as they are.

    Raises:
        ObservationKeyError: ``include_raw`` names a key the environment does not have.
        ConfigError: ``history_steps`` is negative.
    """

    def __init__(
        self,
        venv: VecEnv,
        agent: Agent,
        *,
        include_raw: Sequence[str] = (),
        recorder: RowRecorder | None = None,
        history_steps: int = 0,
    ) -> None:
        if history_steps < 0:
            raise ConfigError(f"history_steps is {history_steps}; it must be at least 0.")
        self.agent, self.history_steps = agent, history_steps
        self._recorder = recorder
        self._include_raw = tuple(include_raw)
        super().__init__(venv, observation_space=self._make_space(venv.observation_space))
        self._no_actions = np.zeros((self.num_envs, *(venv.action_space.shape or ())))
        self._no_actions = self._no_actions.astype(venv.action_space.dtype)
        self._actions = self._no_actions
        self._obs: Observations = {}
        self.state = agent.initial_state(self.num_envs)
        self._history = FilterHistory(self.state, history_steps)

    def _make_space(self, raw: spaces.Space[Any]) -> spaces.Space[Any]:
        features = LatentBox(-np.inf, np.inf, (self.agent.feature_size,), np.float32)
        if not self._include_raw:
            return features
        known = dict(raw.spaces) if isinstance(raw, spaces.Dict) else {}
        missing = [key for key in self._include_raw if key not in known]
        if missing:
            raise ObservationKeyError(
                f"include_raw names {missing[0]!r}, but the environment observes "
                f"{sorted(known) or 'a single array'}. Leave it out or correct it."
            )
        return spaces.Dict({FEATURES: features, **{key: known[key] for key in self._include_raw}})

    def reset(self) -> Observations:
        """Reset every environment and its state; return features ``(N, F)`` (or the Dict)."""
        self._obs = _plain(self.venv.reset())
        everywhere = np.ones(self.num_envs, bool)
        step = self._filter(self._obs, self._no_actions, everywhere, everywhere)
        if self._recorder:
            self._recorder.add_resets(self._obs, self._no_actions, everywhere, self.state)
        self._history.append([step], self.state)
        return self.present()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Send ``(N, *action_shape)`` actions; they also enter the next filter step."""
        self._actions = np.asarray(actions)
        self.venv.step_async(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """Return features, rewards, dones and infos as SB3 expects them."""
        reset_obs, rewards, dones, infos = self.venv.step_wait()
        after_reset = _plain(reset_obs)
        self._obs = _with_terminal_observations(after_reset, dones, infos)
        nowhere, everywhere = np.zeros(self.num_envs, bool), np.ones(self.num_envs, bool)
        steps = [self._filter(self._obs, self._actions, nowhere, everywhere)]
        if self._recorder:
            self._recorder.add_steps(self._obs, self._actions, rewards, dones, infos, self.state)
        if dones.any():
            final = self.present()
            for index in np.flatnonzero(dones).tolist():
                infos[index]["terminal_observation"] = _row(final, index)
            self._obs = after_reset
            steps.append(self._filter(self._obs, self._no_actions, dones, dones))
            if self._recorder:
                self._recorder.add_resets(self._obs, self._no_actions, dones, self.state)
        self._history.append(steps, self.state)
        return self.present(), rewards, dones, infos

    def refilter(self, num_steps: int | None = None) -> Observations:
        """Filter remembered steps again with the world model as it is now.

        What is older stays in the state they begin from, as it was filtered then; under an
        unchanged world model nothing changes.

        Args:
            num_steps: The last environment steps to filter again; all that are remembered if None.

        Returns:
            The current observation under the new states, in this wrapper's space.
        """
        if num_steps is None:
            num_steps = self.history_steps
        if num_steps:
            self.state = self._history.replay(self._apply, num_steps)
        return self.present()

    def remembered(self, num_steps: int) -> list[Observations]:
        """Return the last observations, under their states as last filtered; oldest first.

        Args:
            num_steps: How many; the last one is the present observation.

        Raises:
            ConfigError: So many are not remembered.
        """
        found = self._history.last(num_steps)
        if len(found) < num_steps:
            raise ConfigError(
                f"{num_steps} steps are asked for, {len(found)} remembered: raise history_steps."
            )
        return [self._shown(obs, state) for obs, state in found]

    def snapshot(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs of the filter; the environments are not in it."""
        return {
            "state": as_dict(self.state),
            "obs": self._obs,
            "history": self._history.snapshot(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Return to a snapshot; the environments must be where they were then."""
        self.state = state_from(saved["state"], self.agent.device)
        self._obs = saved["obs"]
        self._history.restore(saved["history"])

    def present(self) -> Observations:
        """Return the current observation, in this wrapper's space."""
        return self._shown(self._obs, self.state)

    def _shown(self, obs: Observations, state: AgentState) -> Observations:
        features = self.agent.features(state).cpu().numpy()
        if not self._include_raw:
            return features
        assert isinstance(obs, dict)
        return {FEATURES: features, **{key: obs[key] for key in self._include_raw}}

    def _filter(
        self,
        obs: Observations,
        action: NDArray[Any],
        is_first: NDArray[np.bool_],
        rows: NDArray[np.bool_],
    ) -> FilterStep:
        step = FilterStep(obs, action, is_first, rows)
        self.state = self._apply(self.state, step)
        return step

    def _apply(self, state: AgentState, step: FilterStep) -> AgentState:
        posterior = self.agent.filter(step.obs, state, step.action, step.is_first, mode="mode")
        return posterior.where(step.rows, state)


def _plain(obs: Any) -> Observations:
    assert not isinstance(obs, tuple), "Tuple observation spaces have no Dreamer encoder"
    return obs


def _row(obs: Observations, index: int) -> Any:
    if isinstance(obs, dict):
        return {key: value[index] for key, value in obs.items()}
    return obs[index]


def _with_terminal_observations(
    obs: Observations, dones: NDArray[np.bool_], infos: list[dict[str, Any]]
) -> Observations:
    """Return what arrived: the reset observation gives way to the episode's last one."""
    if not dones.any():
        return obs
    rows = np.flatnonzero(dones)
    if isinstance(obs, dict):
        arrived = {key: value.copy() for key, value in obs.items()}
        for index in rows:
            for key, value in infos[index]["terminal_observation"].items():
                arrived[key][index] = value
        return arrived
    single = np.array(obs)
    for index in rows:
        single[index] = infos[index]["terminal_observation"]
    return single
