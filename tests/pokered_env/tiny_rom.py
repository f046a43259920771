"""The smallest cartridges that run: assembled here, so that tests need no game."""

from __future__ import annotations

HEADER = slice(0x134, 0x14D)


def build_tiny_rom(title: bytes = b"TINY", cartridge_type: int = 0x00) -> bytes:
    """Return a 32 KiB ROM that counts VBlanks at 0xC000 and halts in between.

    With ``cartridge_type`` 0x13 (MBC3, RAM, battery) it is one whose RAM PyBoy would keep on disk.
    """
    rom = bytearray(0x8000)
    rom[0x40:0x45] = b"\x21\x00\xc0\x34\xd9"  # vblank: ld hl,0xC000; inc (hl); reti
    rom[0x100:0x104] = b"\x00\xc3\x50\x01"  # nop; jp 0x0150
    rom[0x150:0x15A] = b"\x3e\x01\xe0\xff\xfb\x76\x00\x18\xfc\x00"  # IE = 1; ei; loop: halt
    rom[0x134 : 0x134 + len(title)] = title
    rom[0x147] = cartridge_type
    rom[0x149] = 0x03 if cartridge_type else 0x00
    rom[0x14D] = sum(-byte - 1 for byte in rom[HEADER]) & 0xFF
    return bytes(rom)
