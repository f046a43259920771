"""A whole environment in the middle of an episode, as bytes.

Layout: magic, CRC-32 of what follows, length of the header (4 bytes each, little-endian), header
(JSON), the emulator's state as ``state_file.pack_state`` writes it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from pokered_env.emulation.state_file import pack_state, unpack_state
from pokered_env.errors import StateFormatError

MAGIC = b"PKRSNAP3"


@dataclass(frozen=True)
class Snapshot:
    """What ``PokeRedEnv.save`` keeps.

    Attributes:
        emulator: State of the machine, in the running PyBoy's format.
        rng: State of ``np_random``'s bit generator.
        progress: ``EpisodeProgress.to_json()``.
        is_over: Whether the episode has ended.
        last_action: The action a sticky one would repeat.
    """

    emulator: bytes
    rng: dict[str, Any]
    progress: dict[str, Any]
    is_over: bool
    last_action: int

    def to_bytes(self, rom_sha1: str, pyboy_version: str) -> bytes:
        """Return the snapshot as bytes."""
        header = {name: value for name, value in vars(self).items() if name != "emulator"}
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
        checksum, body = data[len(MAGIC) :][:4], data[len(MAGIC) + 4 :]
        end = 4 + int.from_bytes(body[:4], "little")
        try:
            if not data.startswith(MAGIC) or zlib.crc32(body).to_bytes(4, "little") != checksum:
                raise ValueError("they are damaged, or begin as none")
            header = json.loads(body[4:end])
            state = unpack_state(body[end:], rom_sha1, pyboy_version)
            return cls(emulator=state, **header)
        except (ValueError, TypeError) as error:
            raise StateFormatError(
                f"These {len(data)} bytes are no snapshot of an environment ({error}). Pass what "
                "env.save() returned."
            ) from error
