"""What the tests of pokered-env share: a private cache folder and cartridges assembled here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_HEADER = slice(0x134, 0x14D)


def build_tiny_rom(title: bytes = b"TINY", cartridge_type: int = 0x00) -> bytes:
    """Return a 32 KiB ROM that counts VBlanks at 0xC000 and halts in between.

    With ``cartridge_type`` 0x13 (MBC3, RAM, battery) it is one whose RAM PyBoy would keep on disk.
    """
    rom = bytearray(0x8000)
    rom[0x40:0x45] = b"\x21\x00\xc0\x34\xd9"  # vblank: ld hl,0xC000; inc (hl); reti
    rom[0x100:0x104] = b"\x00\xc3\x50\x01"  # nop; jp 0x0150
    rom[0x150:0x159] = b"\x3e\x01\xe0\xff\xfb\x76\x00\x18\xfc"  # IE = 1; ei; loop: halt
    rom[0x134 : 0x134 + len(title)] = title
    rom[0x147] = cartridge_type
    rom[0x149] = 0x03 if cartridge_type else 0x00
    rom[0x14D] = sum(-byte - 1 for byte in rom[_HEADER]) & 0xFF
    return bytes(rom)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POKERED_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("POKERED_ROM", raising=False)
        yield


@pytest.fixture
def write_tiny_rom(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tiny ROM into a folder of its own and returns its path."""

    def write(**options: object) -> Path:
        path = tmp_path / "cartridge" / "tiny.gb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(build_tiny_rom(**options))  # type: ignore[arg-type]
        return path

    return write
