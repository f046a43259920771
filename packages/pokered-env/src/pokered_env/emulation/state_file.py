"""Save states with a header: which ROM, which PyBoy, and a checksum.

Layout: magic, CRC-32 of what follows, length of the header (4 bytes each, little-endian), header
(JSON), the emulator's state compressed by zlib.
"""

from __future__ import annotations

import json
import zlib

from pokered_env.errors import StateFormatError, StateMismatchError

MAGIC = b"PKRSTATE"
FORMAT_VERSION = 1


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
        return zlib.decompress(body), header.get("pyboy")
    except zlib.error as error:
        raise StateFormatError("The body of this save state is damaged.") from error


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
        header = json.loads(body[4:end])
    except ValueError as error:
        raise StateFormatError("The header of this save state is damaged.") from error
    if not isinstance(header, dict):
        raise StateFormatError("The header of this save state is damaged.")
    return header, body[end:]
