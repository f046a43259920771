"""Episodes recorded, and played again to tell whether they go the same way."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from gymnasium.utils import seeding

from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.emulation.seeding import generator_in
from pokered_env.env import PokeRedEnv
from pokered_env.errors import (
    EpisodeError,
    EpisodeFormatError,
    EpisodeMismatchError,
    StateError,
)
from pokered_env.game.game_state import GameState
from pokered_env.recording.episode_file import CHECK_SIZE, DECISIVE_ARGUMENTS, PARTS, Episode
from pokered_env.task.observation import OBSERVATION_SPACE, Observation
from pokered_env.task.rewards import RewardWeights
from pokered_env.task.start_states import StartStates, State

OnStep = Callable[[PokeRedEnv], None]


class EpisodeRecorder:
    """Records one episode of an environment from its reset on.

    Rewards are those of the built-in terms: a file cannot hold the functions of ``reward_terms``.

    Args:
        env: A fresh environment, or one between episodes.
        state: Name, path or bytes of the start state; None for the environment's own.
        seed: Seeds the environment's random numbers; None continues with them.
    """

    def __init__(
        self, env: PokeRedEnv, state: State | None = None, seed: int | None = None
    ) -> None:
        self._env = env
        if seed is not None:
            env.np_random, _ = seeding.np_random(seed)
        starts = env.start_states if state is None else StartStates.load(env.rom, state)
        label, self._start = starts.draw(env.np_random)
        self._name = label if label in env.rom.profile.start_states else None
        self._rng = dict(env.np_random.bit_generator.state)
        self.observation, self.info = env.reset(options={"state": self._name or self._start})
        self._actions = bytearray()
        self._checks = bytearray(_check(self.observation, 0.0))
        self._total_reward = 0.0

    def step(self, action: int) -> bool:
        """Take an action; tell whether the episode is over."""
        step = self._env.step(action)
        self.observation, _, terminated, truncated, self.info = step
        reward = self._env.built_in_reward  # whoever replays it has no others
        self._actions.append(action)
        self._checks += _check(self.observation, reward)
        self._total_reward += reward
        return terminated or truncated

    def episode(self) -> Episode:
        """Return what has been recorded so far."""
        env = self._env
        return Episode(
            rom=env.rom.profile.name,
            rom_sha1=env.rom.sha1,
            pyboy=PYBOY_VERSION,
            arguments=_dynamics(env),
            rng=self._rng,
            state=self._name,
            state_bytes=b"" if self._name else self._start,
            actions=bytes(self._actions),
            checks=bytes(self._checks),
            total_reward=self._total_reward,
        )


def replay(
    episode: Episode,
    rom_path: str | None = None,
    *,
    verify: bool = True,
    on_step: OnStep | None = None,
    **arguments: Any,
) -> float:
    """Play an episode again.

    Args:
        episode: The recording.
        rom_path: Its ROM, found as the environment finds it.
        verify: Compare every observation and reward with the recording's.
        on_step: Called with the environment after the reset and after every action.
        arguments: Further arguments of the environment, such as ``render_mode``.

    Returns:
        The sum of the rewards, without those of ``reward_terms``.

    Raises:
        EpisodeMismatchError: The replay went another way; says where and what differs.
        EpisodeError: The recording is of another ROM, or its arguments make no environment.
    """
    env = _environment(episode, rom_path, arguments)
    try:
        _prepare(env, episode)
        seen = _reset(env, episode)
        total = 0.0
        for number in range(len(episode.actions) + 1):
            reward = 0.0
            if number:
                seen, *_ = env.step(episode.actions[number - 1])
                reward = env.built_in_reward
            total += reward
            if verify:
                _compare(episode, number, _check(seen, reward))
            if on_step is not None:
                on_step(env)
        return total
    finally:
        env.close()


def last_state(episode: Episode, rom_path: str | None = None) -> bytes:
    """Replay an episode, verified, and return the emulator's state at its end.

    Raises:
        EpisodeError: As ``replay`` does.
    """
    states: list[bytes] = []

    def keep_last(env: PokeRedEnv) -> None:
        if env.progress.num_steps == len(episode.actions):
            states.append(env.emulator.save_state())

    replay(episode, rom_path, on_step=keep_last)
    return states[-1]


def _dynamics(env: PokeRedEnv) -> dict[str, Any]:
    weights = RewardWeights.of(env.arguments["reward_weights"])
    decisive = {name: env.arguments[name] for name in DECISIVE_ARGUMENTS}
    return {**decisive, "reward_weights": asdict(weights), "max_steps": None}


def _never(state: GameState) -> bool:
    return False


def _environment(episode: Episode, rom_path: str | None, arguments: dict[str, Any]) -> PokeRedEnv:
    try:
        env = PokeRedEnv(rom_path, **{"goal": _never, **episode.arguments, **arguments})
    except (TypeError, ValueError) as error:
        raise EpisodeFormatError(f"The episode's arguments make no environment: {error}") from error
    if env.rom.sha1 != episode.rom_sha1:
        env.close()
        raise EpisodeError(
            f"The episode was recorded on {episode.rom} (SHA-1 {episode.rom_sha1}), not on "
            f"{env.rom.path} ({env.rom.sha1}). Pass its ROM with --rom or POKERED_ROM."
        )
    return env


def _prepare(env: PokeRedEnv, episode: Episode) -> None:
    """Give the environment the recording's random numbers; look at what it will be told to do.

    Raises:
        EpisodeFormatError: It names what is none of this game's, or of this environment's.
    """
    try:
        env.np_random = generator_in(episode.rng)
    except ValueError as error:
        raise EpisodeFormatError(f"This episode is damaged: {error}.") from error
    if episode.state is not None and episode.state not in env.rom.profile.start_states:
        known = ", ".join(env.rom.profile.start_states)
        raise EpisodeFormatError(
            f"The episode starts from {episode.state!r:.40}, which is none of this game's start "
            f"states: {known}."
        )
    if max(episode.actions, default=0) >= len(env.buttons):
        raise EpisodeFormatError(
            f"The episode has an action {max(episode.actions)}; there are {len(env.buttons)}."
        )


def _reset(env: PokeRedEnv, episode: Episode) -> Observation:
    state = episode.state if episode.state is not None else episode.state_bytes
    try:
        return env.reset(options={"state": state})[0]
    except StateError as error:
        raise EpisodeFormatError(f"The episode's start state cannot be used: {error}") from error


def _check(seen: Observation, reward: float) -> bytes:
    arrays = [seen[key].tobytes() for key in OBSERVATION_SPACE]  # type: ignore[literal-required]
    parts = [*arrays, struct.pack("<d", reward)]
    return b"".join((zlib.crc32(part) & 0xFFFF).to_bytes(2, "little") for part in parts)


def _compare(episode: Episode, number: int, check: bytes) -> None:
    recorded = episode.checks[number * CHECK_SIZE :][:CHECK_SIZE]
    if recorded == check:
        return
    different = [
        name
        for i, name in enumerate(PARTS)
        if recorded[2 * i : 2 * i + 2] != check[2 * i : 2 * i + 2]
    ]
    what = ", ".join(different)
    cause = (
        ""
        if episode.pyboy == PYBOY_VERSION
        else (f" It was recorded with PyBoy {episode.pyboy}, this is {PYBOY_VERSION}.")
    )
    raise EpisodeMismatchError(
        f"The replay differs from the recording at step {number} of {len(episode.actions)} in "
        f"{what}.{cause}",
        step=number,
        what=what,
    )
