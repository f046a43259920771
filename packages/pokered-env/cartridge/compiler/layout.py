"""Placing data in the ROM's switchable banks, and pointers between the pieces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BANK_SIZE = 0x4000
FIRST_DATA_BANK = 2


class RomFullError(Exception):
    """The data does not fit into the banks."""


@dataclass(frozen=True)
class Ref:
    """A pointer to another piece of data.

    Attributes:
        target: Name of the piece.
        offset: Bytes into it.
        far: Three bytes (address, bank) instead of two (address).
        bank_only: One byte, the bank.
    """

    target: str
    offset: int = 0
    far: bool = False
    bank_only: bool = False

    @property
    def size(self) -> int:
        """Bytes the pointer takes."""
        return 3 if self.far else 1 if self.bank_only else 2


@dataclass(frozen=True)
class Piece:
    """Data that stays together in one bank: bytes and pointers in turn."""

    name: str
    parts: tuple[bytes | Ref, ...]

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return sum(part.size if isinstance(part, Ref) else len(part) for part in self.parts)


@dataclass(frozen=True)
class Place:
    """Where a piece lies: bank, and address in 0x4000..0x7FFF while that bank is mapped."""

    bank: int
    address: int

    @property
    def file_offset(self) -> int:
        """Offset in the ROM file."""
        return self.bank * BANK_SIZE + self.address - BANK_SIZE


def place(pieces: Iterable[Piece], num_banks: int) -> dict[str, Place]:
    """Put every piece into the first bank with room, largest first.

    Raises:
        RomFullError: If some piece fits nowhere.
    """
    used = [0] * num_banks
    places = {}
    for piece in sorted(pieces, key=lambda piece: (-piece.size, piece.name)):
        fits = [i for i in range(num_banks) if used[i] + piece.size <= BANK_SIZE]
        if not fits:
            raise RomFullError(f"no bank has {piece.size} bytes left for {piece.name}; used {used}")
        places[piece.name] = Place(FIRST_DATA_BANK + fits[0], BANK_SIZE + used[fits[0]])
        used[fits[0]] += piece.size
    return places


def link(pieces: Iterable[Piece], places: dict[str, Place], num_banks: int) -> bytes:
    """Make the image of the data banks."""
    image = bytearray(b"\xff" * (num_banks * BANK_SIZE))
    for piece in pieces:
        data = b"".join(_resolve(part, places) for part in piece.parts)
        start = places[piece.name].file_offset - FIRST_DATA_BANK * BANK_SIZE
        image[start : start + len(data)] = data
    return bytes(image)


def _resolve(part: bytes | Ref, places: dict[str, Place]) -> bytes:
    if isinstance(part, bytes):
        return part
    target = places[part.target]
    if part.bank_only:
        return bytes([target.bank])
    address = (target.address + part.offset).to_bytes(2, "little")
    return address + bytes([target.bank]) if part.far else address
