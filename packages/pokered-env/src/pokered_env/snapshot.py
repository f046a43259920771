"""A whole environment in the middle of an episode, as bytes.

Layout: magic, length of the header (4 bytes, little-endian), header (JSON), the emulator's state as
``state_file.pack_state`` writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pokered_env.errors import StateFormatError
from pokered_env.state_file import pack_state, unpack_state

MAGIC = b"PKRSNAP1"


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
        return MAGIC + len(head).to_bytes(4, "little") + head + state

    @classmethod
    def from_bytes(cls, data: bytes, rom_sha1: str, pyboy_version: str) -> Snapshot:
        """Read the snapshot back.

        Raises:
            StateFormatError: The bytes are no snapshot, or damaged.
            StateMismatchError: They are of another ROM, PyBoy or format.
        """
        start = len(MAGIC) + 4
        end = start + int.from_bytes(data[len(MAGIC) : start], "little")
        try:
            if not data.startswith(MAGIC):
                raise ValueError("it does not begin as one")
            header = json.loads(data[start:end])
            state = unpack_state(data[end:], rom_sha1, pyboy_version)
            return cls(emulator=state, **header)
        except (ValueError, TypeError) as error:
            raise StateFormatError(
                f"These {len(data)} bytes are no snapshot of an environment ({error}). Pass what "
                "env.save() returned."
            ) from error
