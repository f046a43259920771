"""Save states with a header: which ROM, which PyBoy, and a checksum.

Layout: magic, CRC-32 of what follows, length of the header (4 bytes each, little-endian), header
(JSON), the emulator's state compressed by zlib.
"""

from __future__ import annotations

import json
import zlib

from pokered_env.errors import StateFormatError, StateMismatchError
from pokered_env.untrusted import inflate, parse_object

MAGIC = b"PKRSTATE"
FORMAT_VERSION = 1
MAX_STATE_SIZE = 2**22
"""Most bytes a state has, packed or not; those of PyBoy have some 150,000."""


def pack_state(state: bytes, rom_sha1: str, pyboy_version: str) -> bytes:
    """Put a header before an emulator's state."""
    header = {"version": FORMAT_VERSION, "rom_sha1": rom_sha1, "pyboy": pyboy_version}
    head = json.dumps(header).encode()
    body = len(head).to_bytes(4, "little") + head + zlib.compress(state, 1)
    return MAGIC + zlib.crc32(body).to_bytes(4, "little") + body


def unpack_state(packed: bytes, rom_sha1: str, pyboy_version: str) -> bytes:
    """Take the emulator's state out again.

    Raises:
        StateFormatError: The bytes were not written by ``pack_state``, or are damaged.
        StateMismatchError: They were written for another ROM, PyBoy or format.
    """
    state, made_by = open_state(packed, rom_sha1)
    if made_by != pyboy_version:
        raise _mismatch("pyboy", made_by, pyboy_version)
    return state


def open_state(packed: bytes, rom_sha1: str) -> tuple[bytes, object]:
    """Take the emulator's state out again, whichever PyBoy it is of; return that PyBoy's version.

    Raises:
        StateFormatError: The bytes were not written by ``pack_state``, or are damaged.
        StateMismatchError: They were written for another ROM or format.
    """
    header, body = _split(packed)
    for field, value in {"version": FORMAT_VERSION, "rom_sha1": rom_sha1}.items():
        if header.get(field) != value:
            raise _mismatch(field, header.get(field), value)
    try:
        return inflate(body, MAX_STATE_SIZE), header.get("pyboy")
    except ValueError as error:
        raise StateFormatError(f"This save state cannot be read: {error}.") from error


def _mismatch(field: str, found: object, expected: object) -> StateMismatchError:
    return StateMismatchError(
        f"This save state has {field} {found!r}, but {expected!r} is running. Make it again with "
        "`pokered states make`."
    )


def _split(packed: bytes) -> tuple[dict[str, object], bytes]:
    checksum, body = packed[len(MAGIC) :][:4], packed[len(MAGIC) + 4 :]
    if not packed.startswith(MAGIC) or zlib.crc32(body).to_bytes(4, "little") != checksum:
        raise StateFormatError(
            f"These {len(packed)} bytes are no save state of pokered-env, or they are damaged. "
            "Make the state again with `pokered states make`."
        )
    end = 4 + int.from_bytes(body[:4], "little")
    try:
        return parse_object(body[4:end]), body[end:]
    except ValueError as error:
        raise StateFormatError(f"The header of this save state is damaged: {error}.") from error
