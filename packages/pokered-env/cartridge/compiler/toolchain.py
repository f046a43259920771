"""Running SDCC and making the ROM image from what it links."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

SDCC_VERSION = "4.2.0"
BANK_SIZE = 0x4000
HOME_SIZE = 2 * BANK_SIZE
_COMPILE = ("sdcc", "-msm83", "--std-c11", "--opt-code-size", "-c")
_LINK = ("sdcc", "-msm83", "--no-std-crt0", "--code-loc", "0x200", "--data-loc", "0xC000")
_TYPE_MBC1 = 0x01

# SDCC does not know the size of some of its own instructions and then assumes long jumps.
_UNSIZED = re.compile(r".*: info 218: z80instructionSize\(\) failed to parse line node.*\n'.*'\n")


class ToolchainError(Exception):
    """SDCC is missing, has another version, or reported something."""


def check_sdcc() -> None:
    """Check that the one SDCC version whose output is known is installed.

    Raises:
        ToolchainError: If it is not; says what to install.
    """
    if shutil.which("sdcc") is None:
        raise ToolchainError(
            f"sdcc is not installed; the cartridge needs version {SDCC_VERSION} "
            "(Debian 12: apt-get install sdcc)"
        )
    version = subprocess.run(
        ["sdcc", "--version"], capture_output=True, text=True, check=True
    ).stdout
    if SDCC_VERSION not in version:
        raise ToolchainError(
            f"sdcc {SDCC_VERSION} is needed, other versions give other bytes; "
            f"found {version.splitlines()[0]}"
        )


def compile_and_link(sources: list[Path], assembly: Path, include: list[Path], out: Path) -> bytes:
    """Compile C files and the start-up assembly into the 32 KiB home banks.

    Returns:
        The image; unused bytes are 0xFF. The .asm and .map files stay in `out` for the checks.

    Raises:
        ToolchainError: At any error or warning, or if code passes 0x8000.
    """
    objects = [out / f"{assembly.stem}.rel"]
    _run(["sdasgb", "-plosgff", "-o", str(objects[0]), str(assembly)])
    flags = [f"-I{folder}" for folder in include]
    for source in sources:
        objects.append(out / f"{source.stem}.rel")
        _run([*_COMPILE, *flags, "-o", str(objects[-1]), str(source)])
    linked = out / "home.ihx"
    _run([*_LINK, "-o", str(linked), *map(str, objects)])
    return _image(linked)


def address_of(symbol: str, map_file: Path) -> int:
    """Return where the linker put a symbol.

    Raises:
        ToolchainError: If there is none of that name.
    """
    pattern = rf"^\s*([0-9A-F]{{8}})\s+{re.escape(symbol)}\s"
    match = re.search(pattern, map_file.read_text(encoding="ascii"), re.MULTILINE)
    if match is None:
        raise ToolchainError(f"{map_file} has no symbol {symbol}; was a routine renamed?")
    return int(match.group(1), 16)


def finish(home: bytes, data: bytes, title: str) -> bytes:
    """Join home and data banks and write the header: title, type, size, checksums, blank logo."""
    rom = bytearray(home + data)
    rom[0x104:0x134] = bytes(48)
    rom[0x134:0x150] = bytes(28)
    rom[0x134 : 0x134 + len(title)] = title.encode("ascii")
    rom[0x147] = _TYPE_MBC1
    rom[0x148] = (len(rom) // HOME_SIZE).bit_length() - 1
    rom[0x14D] = -sum(byte + 1 for byte in rom[0x134:0x14D]) & 0xFF
    rom[0x14E:0x150] = (sum(rom) & 0xFFFF).to_bytes(2, "big")
    return bytes(rom)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    messages = _UNSIZED.sub("", done.stdout + done.stderr).strip()
    if done.returncode or messages:
        raise ToolchainError(f"{' '.join(command)}\n{messages}")


def _image(linked: Path) -> bytes:
    """Read the linker's Intel HEX."""
    image = bytearray(b"\xff" * HOME_SIZE)
    for record in linked.read_text(encoding="ascii").split():
        data = bytes.fromhex(record[1:])
        count, address, kind = data[0], int.from_bytes(data[1:3], "big"), data[3]
        if kind != 0:
            continue
        if address + count > HOME_SIZE:
            raise ToolchainError(
                f"code reaches 0x{address + count:04X}; the home banks end at 0x8000"
            )
        image[address : address + count] = data[4 : 4 + count]
    return bytes(image)
