"""Recorded episodes: what is needed to play one again, and to tell whether it went the same way.

A file holds a magic, a CRC-32, and compressed by zlib: the length of the header (4 bytes,
little-endian), the header (JSON), one byte for each action, and for the reset and each action a
16-bit checksum of every observation and of the reward.
"""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.utils import seeding

from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.env import PokeRedEnv
from pokered_env.errors import (
    EpisodeError,
    EpisodeFormatError,
    EpisodeMismatchError,
)
from pokered_env.game.game_state import GameState
from pokered_env.task.observation import OBSERVATION_SPACE, Observation
from pokered_env.task.rewards import RewardWeights
from pokered_env.task.start_states import StartStates, State

MAGIC = b"PKREPIS1"
_PARTS = (*OBSERVATION_SPACE, "reward")
_CHECK_SIZE = 2 * len(_PARTS)
# the arguments of the environment that decide what an action does
_DECISIVE = (
    "action_set",
    "action_frames",
    "hold_frames",
    "repeat_action_probability",
    "allow_unknown_rom",
)

OnStep = Callable[[PokeRedEnv], None]


@dataclass(frozen=True)
class Episode:
    """An episode that can be played again.

    Attributes:
        rom: Name of the game.
        rom_sha1: SHA-1 of the ROM.
        pyboy: Version of PyBoy.
        arguments: Arguments of the environment that decide what happens.
        rng: State of the environment's random numbers before the reset.
        state: Name of the start state; None if it is kept in ``state_bytes``.
        state_bytes: The start state in native form, if it has no name; else empty.
        actions: The actions, one byte each.
        checks: Checksums of the reset and of each action, ``_CHECK_SIZE`` bytes each.
        total_reward: Sum of the rewards.
    """

    rom: str
    rom_sha1: str
    pyboy: str
    arguments: dict[str, Any]
    rng: dict[str, Any]
    state: str | None
    state_bytes: bytes
    actions: bytes
    checks: bytes
    total_reward: float

    def to_bytes(self) -> bytes:
        """Return the episode as bytes."""
        header = asdict(self)
        del header["actions"], header["checks"]
        header["state_bytes"] = b64encode(self.state_bytes).decode()
        head = json.dumps(header).encode()
        body = zlib.compress(len(head).to_bytes(4, "little") + head + self.actions + self.checks)
        return MAGIC + zlib.crc32(body).to_bytes(4, "little") + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Episode:
        """Read an episode back.

        Raises:
            EpisodeFormatError: The bytes are no recorded episode, or damaged.
        """
        checksum, body = data[len(MAGIC) : len(MAGIC) + 4], data[len(MAGIC) + 4 :]
        if not data.startswith(MAGIC) or zlib.crc32(body).to_bytes(4, "little") != checksum:
            raise EpisodeFormatError(
                f"These {len(data)} bytes are no recorded episode, or they are damaged. "
                "`pokered record` writes one."
            )
        try:
            return cls._parse(zlib.decompress(body))
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise EpisodeFormatError(f"The header of this episode is damaged ({error}).") from error

    @classmethod
    def _parse(cls, plain: bytes) -> Episode:
        end = 4 + int.from_bytes(plain[:4], "little")
        header = json.loads(plain[4:end])
        rest = plain[end:]
        num_actions, remainder = divmod(len(rest) - _CHECK_SIZE, 1 + _CHECK_SIZE)
        if remainder or num_actions < 0:
            raise ValueError("actions and checksums do not fit together")
        header["state_bytes"] = b64decode(header["state_bytes"])
        return cls(**header, actions=rest[:num_actions], checks=rest[num_actions:])

    def save(self, path: Path) -> None:
        """Write the episode to a file.

        Raises:
            EpisodeError: The file cannot be written.
        """
        try:
            path.write_bytes(self.to_bytes())
        except OSError as error:
            raise EpisodeError(f"Cannot write {path} ({error}).") from error

    @classmethod
    def load(cls, path: Path) -> Episode:
        """Read an episode from a file.

        Raises:
            EpisodeFormatError: The file cannot be read, or is no recorded episode.
        """
        try:
            return cls.from_bytes(path.read_bytes())
        except OSError as error:
            raise EpisodeFormatError(f"Cannot read {path} ({error}).") from error


class EpisodeRecorder:
    """Records one episode of an environment from its reset on.

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
        self.observation, reward, terminated, truncated, self.info = step
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
        The sum of the rewards.

    Raises:
        EpisodeMismatchError: The replay went another way; says where and what differs.
        EpisodeError: The recording is of another ROM, or its arguments make no environment.
    """
    env = _environment(episode, rom_path, arguments)
    try:
        env.np_random = np.random.default_rng()
        env.np_random.bit_generator.state = episode.rng
        state = episode.state if episode.state is not None else episode.state_bytes
        seen, _ = env.reset(options={"state": state})
        total = 0.0
        for number in range(len(episode.actions) + 1):
            reward = 0.0
            if number:
                seen, reward, *_ = env.step(episode.actions[number - 1])
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
    decisive = {name: env.arguments[name] for name in _DECISIVE}
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


def _check(seen: Observation, reward: float) -> bytes:
    arrays = [seen[key].tobytes() for key in OBSERVATION_SPACE]  # type: ignore[literal-required]
    parts = [*arrays, struct.pack("<d", reward)]
    return b"".join((zlib.crc32(part) & 0xFFFF).to_bytes(2, "little") for part in parts)


def _compare(episode: Episode, number: int, check: bytes) -> None:
    recorded = episode.checks[number * _CHECK_SIZE :][:_CHECK_SIZE]
    if recorded == check:
        return
    different = [
        name
        for i, name in enumerate(_PARTS)
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
