"""Recorded episodes as files: what is needed to play one again, and to compare.

A file holds a magic, a CRC-32, and compressed by zlib: the length of the header (4 bytes,
little-endian), the header (JSON), one byte for each action, and for the reset and each action a
16-bit checksum of every observation and of the reward.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pokered_env.errors import EpisodeError, EpisodeFormatError
from pokered_env.folders import FileKindError, read_file
from pokered_env.task.observation import OBSERVATION_SPACE
from pokered_env.untrusted import (
    OBJECT,
    REAL,
    WORD,
    check_fields,
    inflate,
    or_none,
    parse_object,
)

MAGIC = b"PKREPIS1"
PARTS = (*OBSERVATION_SPACE, "reward")
CHECK_SIZE = 2 * len(PARTS)
# the arguments of the environment that decide what an action does
DECISIVE_ARGUMENTS = (
    "action_set",
    "action_frames",
    "hold_frames",
    "repeat_action_probability",
    "allow_unknown_rom",
)

_HEADER = {
    "rom": WORD,
    "rom_sha1": WORD,
    "pyboy": WORD,
    "arguments": OBJECT,
    "rng": OBJECT,
    "state": or_none(WORD),
    "state_bytes": WORD,
    "total_reward": REAL,
}
_MAX_FILE_SIZE = 2**26
_MAX_SIZE = 2**28  # of what is compressed in it: 24 million actions


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
        checks: Checksums of the reset and of each action, ``CHECK_SIZE`` bytes each.
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
            return cls._parse(inflate(body, _MAX_SIZE))
        except ValueError as error:
            raise EpisodeFormatError(f"This episode is damaged: {error}.") from error

    @classmethod
    def _parse(cls, plain: bytes) -> Episode:
        end = 4 + int.from_bytes(plain[:4], "little")
        header = parse_object(plain[4:end])
        rest = plain[end:]
        num_actions, remainder = divmod(len(rest) - CHECK_SIZE, 1 + CHECK_SIZE)
        if remainder or num_actions < 0:
            raise ValueError("actions and checksums do not fit together")
        check_fields(header, _HEADER)
        if unknown := set(header["arguments"]) - {
            *DECISIVE_ARGUMENTS,
            "reward_weights",
            "max_steps",
        }:
            raise ValueError(f"it names arguments {sorted(unknown)} that decide nothing")
        header["state_bytes"] = b64decode(header["state_bytes"], validate=True)
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
            return cls.from_bytes(read_file(path, _MAX_FILE_SIZE))
        except (OSError, FileKindError) as error:
            raise EpisodeFormatError(f"Cannot read {path} ({error}).") from error
