from __future__ import annotations

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pokered_env.emulation.state_file import MAGIC, open_state, pack_state, unpack_state
from pokered_env.errors import StateError, StateFormatError, StateMismatchError

STATE = bytes(range(256)) * 10


def with_checksum(body: bytes) -> bytes:
    return MAGIC + zlib.crc32(body).to_bytes(4, "little") + body


PACKED = pack_state(STATE, "abc", "2.8.1")


def test_a_packed_state_comes_out_as_it_went_in() -> None:
    assert unpack_state(PACKED, "abc", "2.8.1") == STATE


@pytest.mark.parametrize(("rom", "version"), [("abd", "2.8.1"), ("abc", "2.9.0")])
def test_a_state_of_another_rom_or_pyboy_is_refused(rom: str, version: str) -> None:
    with pytest.raises(StateMismatchError):
        unpack_state(PACKED, rom, version)


def test_a_state_of_another_pyboy_can_be_opened_but_none_of_another_rom() -> None:
    assert open_state(PACKED, "abc") == (STATE, "2.8.1")
    with pytest.raises(StateMismatchError, match="rom_sha1 'abc'"):
        open_state(PACKED, "abd")


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_flipped_byte_anywhere_is_noticed(place: int, change: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] ^= change
    with pytest.raises(StateError):
        unpack_state(bytes(damaged), "abc", "2.8.1")


@given(st.integers(0, len(PACKED) - 1))
def test_a_truncated_state_is_noticed(size: int) -> None:
    with pytest.raises(StateFormatError):
        unpack_state(PACKED[:size], "abc", "2.8.1")


@given(st.binary(max_size=200))
@example(with_checksum(b"\x02\0\0\0{}"))
@example(with_checksum(b"\x02\0\0\0[]"))
@example(with_checksum(b"\x02\0\0\0{"))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        unpack_state(data, "abc", "2.8.1")
