"""A whole environment in the middle of an episode, as bytes.

Layout: magic, CRC-32 of what follows, length of the header (4 bytes each, little-endian), header
(JSON), the emulator's state as ``state_file.pack_state`` writes it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from pokered_env.emulation.seeding import generator_in
from pokered_env.emulation.state_file import pack_state, unpack_state
from pokered_env.errors import StateFormatError
from pokered_env.task.exploration import Exploration
from pokered_env.task.progress import EpisodeProgress
from pokered_env.untrusted import COUNT, OBJECT, TRUTH, check_fields, parse_object

MAGIC = b"PKRSNAP3"
_HEADER = {"rng": OBJECT, "progress": OBJECT, "is_over": TRUTH, "last_action": COUNT}


@dataclass(frozen=True)
class Snapshot:
    """What ``PokeRedEnv.save`` keeps.

    Attributes:
        emulator: State of the machine, in the running PyBoy's format.
        np_random: The environment's random numbers.
        progress: ``EpisodeProgress.to_json()``.
        is_over: Whether the episode has ended.
        last_action: The action a sticky one would repeat.
    """

    emulator: bytes
    np_random: np.random.Generator
    progress: dict[str, Any]
    is_over: bool
    last_action: int

    def to_bytes(self, rom_sha1: str, pyboy_version: str) -> bytes:
        """Return the snapshot as bytes."""
        header = {
            "rng": self.np_random.bit_generator.state,
            "progress": self.progress,
            "is_over": self.is_over,
            "last_action": self.last_action,
        }
        head = json.dumps(header).encode()
        state = pack_state(self.emulator, rom_sha1, pyboy_version)
        body = len(head).to_bytes(4, "little") + head + state
        return MAGIC + zlib.crc32(body).to_bytes(4, "little") + body

    @classmethod
    def from_bytes(cls, data: bytes, rom_sha1: str, pyboy_version: str) -> Snapshot:
        """Read the snapshot back.

        Raises:
            StateFormatError: The bytes are no snapshot, or damaged.
            StateMismatchError: They are of another ROM, PyBoy or format.
        """
        try:
            header, state = _split(data)
            check_fields(header, _HEADER)
            np_random = generator_in(header.pop("rng"))
        except ValueError as error:
            raise StateFormatError(
                f"This is no snapshot of an environment: {error}. Pass what env.save() returned."
            ) from error
        return cls(unpack_state(state, rom_sha1, pyboy_version), np_random, **header)

    def restore_progress(self, exploration: Exploration) -> EpisodeProgress:
        """Return the episode's progress; ``exploration`` takes its tiles.

        Raises:
            StateFormatError: It is damaged.
        """
        try:
            return EpisodeProgress.from_json(self.progress, exploration)
        except ValueError as error:
            raise StateFormatError(
                f"The episode's progress in this snapshot is damaged: {error}."
            ) from error


def _split(data: Any) -> tuple[dict[str, Any], bytes]:
    if not isinstance(data, bytes):
        raise ValueError(f"it is a {type(data).__name__}, not bytes")
    checksum, body = data[len(MAGIC) :][:4], data[len(MAGIC) + 4 :]
    if not data.startswith(MAGIC) or zlib.crc32(body).to_bytes(4, "little") != checksum:
        raise ValueError(f"its {len(data)} bytes are damaged, or begin as none")
    end = 4 + int.from_bytes(body[:4], "little")
    return parse_object(body[4:end]), body[end:]
