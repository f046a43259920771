"""Which ROM is played: finding the file, checking it, and knowing it by its SHA-1."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from pokered_env.errors import ConfigError, RomFormatError, RomNotFoundError, UnknownRomError
from pokered_env.folders import FileKindError, read_file
from pokered_env.game import profiles
from pokered_env.game.glyphs import GlyphTable, build_glyph_table
from pokered_env.game.rom_profile import RomProfile

ROM_VARIABLE = "POKERED_ROM"
MAX_ROM_SIZE = 0x800000
"""Bytes of the largest cartridge there is."""


@dataclass(frozen=True)
class Rom:
    """A checked cartridge file.

    Attributes:
        path: The file.
        sha1: SHA-1 of its bytes, lower-case hexadecimal.
        profile: What is known about the game.
        glyphs: Its characters' bitmaps.
    """

    path: Path
    sha1: str
    profile: RomProfile = field(compare=False)
    glyphs: GlyphTable = field(compare=False)


def resolve_rom(
    rom_path: str | os.PathLike[str] | None = None, *, allow_unknown_rom: bool = False
) -> Rom:
    """Find, check and identify the ROM.

    Args:
        rom_path: The file. None: the file named by the environment variable ``POKERED_ROM``, and
            where that is unset or empty the bundled open cartridge.
        allow_unknown_rom: Accept an unknown SHA-1 and treat the file like Pokémon Red.

    Returns:
        The cartridge with its profile.

    Raises:
        RomNotFoundError: There is no readable file.
        RomFormatError: The file is no intact Game Boy cartridge.
        UnknownRomError: Its SHA-1 is unknown and ``allow_unknown_rom`` is false.
    """
    path, data = _read(_choose_path(rom_path))
    _check_header(path, data)
    sha1 = hashlib.sha1(data).hexdigest()
    if (known := profiles.known_roms().get(sha1)) is not None:
        profile = known()
    elif allow_unknown_rom:
        profile = profiles.unknown_rom(_title(data))
    else:
        raise UnknownRomError(_unknown_rom_message(path, data, sha1))
    return Rom(path, sha1, profile, build_glyph_table(data, profile.glyph_sources))


def _choose_path(rom_path: str | os.PathLike[str] | None) -> Path:
    chosen = rom_path if rom_path is not None else os.environ.get(ROM_VARIABLE) or None
    if not isinstance(chosen, str | os.PathLike | None):
        raise ConfigError(f"rom_path={chosen!r} is no path. Pass the path of a .gb file.")
    return profiles.OPEN_CARTRIDGE_PATH if chosen is None else Path(chosen)


def _read(path: Path) -> tuple[Path, bytes]:
    try:
        path = path.expanduser()
        return path, read_file(path, MAX_ROM_SIZE)
    except FileKindError as error:
        raise RomFormatError(f"{path} {error}. {_HINT}") from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no such user's home
        raise RomNotFoundError(
            f"No readable ROM at {path} ({error.__class__.__name__}). Set {ROM_VARIABLE} or pass "
            "rom_path=; leave both out to play the bundled open cartridge."
        ) from error


_HINT = (
    "Pass the unpacked .gb file of Pokémon Red or Blue (UE), or leave rom_path= and "
    f"{ROM_VARIABLE} out to play the bundled open cartridge."
)
_MIN_SIZE = 0x8000
_HEADER = slice(0x134, 0x14D)
_HEADER_CHECKSUM, _ROM_SIZE_CODE = 0x14D, 0x148


def _check_header(path: Path, data: bytes) -> None:
    if len(data) < _MIN_SIZE:
        problem = f"has {len(data)} bytes, a cartridge at least {_MIN_SIZE}"
    elif sum(-byte - 1 for byte in data[_HEADER]) & 0xFF != data[_HEADER_CHECKSUM]:
        problem = "has no valid Game Boy header (its checksum does not fit)"
    elif data[_ROM_SIZE_CODE] > 8 or len(data) < _MIN_SIZE << data[_ROM_SIZE_CODE]:
        problem = f"is cut off or damaged: {len(data)} bytes, its header announces more"
    else:
        return
    raise RomFormatError(f"{path} {problem}. {_HINT}")


def _title(data: bytes) -> str:
    return data[0x134:0x144].split(b"\0")[0].decode("ascii", "replace").strip()


def _unknown_rom_message(path: Path, data: bytes, sha1: str) -> str:
    known = ", ".join(f"{make().title} ({sha1})" for sha1, make in profiles.known_roms().items())
    return (
        f"{path} is a cartridge titled {_title(data)!r} with SHA-1 {sha1}. Known are, by their "
        f"SHA-1, {known}. Pass allow_unknown_rom=True to try it as if it were "
        "Pokémon Red; observations may then mean nothing."
    )
