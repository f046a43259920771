from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.errors import RomError, RomFormatError, RomNotFoundError, UnknownRomError
from pokered_env.game import profiles
from pokered_env.game.rom import resolve_rom

WriteRom = Callable[..., Path]


def test_without_anything_the_open_cartridge_is_played() -> None:
    rom = resolve_rom()
    assert rom.path == profiles.OPEN_CARTRIDGE_PATH
    assert rom.profile.name == "open_cartridge"
    assert rom.sha1 == profiles.open_cartridge_sha1()


def test_the_argument_wins_over_the_environment_variable(
    write_tiny_rom: WriteRom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERED_ROM", "/nowhere.gb")
    path = write_tiny_rom()
    assert resolve_rom(path, allow_unknown_rom=True).path == path


def test_the_environment_variable_wins_over_the_open_cartridge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POKERED_ROM", "/nowhere.gb")
    with pytest.raises(RomNotFoundError, match=r"/nowhere\.gb.*POKERED_ROM"):
        resolve_rom()


def test_an_empty_environment_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POKERED_ROM", "")
    assert resolve_rom().profile.name == "open_cartridge"


def test_an_unknown_cartridge_is_named_with_title_and_hash(write_tiny_rom: WriteRom) -> None:
    path = write_tiny_rom(title=b"MYSTERY")
    with pytest.raises(UnknownRomError) as error:
        resolve_rom(path)
    for part in (str(path), "'MYSTERY'", *profiles.known_roms(), "allow_unknown_rom=True"):
        assert part in str(error.value)


def test_every_known_cartridge_is_recognised_by_its_hash_alone(
    write_tiny_rom: WriteRom, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tiny_rom(title=b"POKEMON BLUE")
    sha1 = hashlib.sha1(path.read_bytes()).hexdigest()
    with pytest.raises(UnknownRomError):
        resolve_rom(path)
    monkeypatch.setattr(profiles, "POKEMON_BLUE_SHA1", sha1)
    assert resolve_rom(path).profile is profiles.pokemon_blue()


def test_pokemon_blue_is_read_like_red_and_starts_only_where_its_own_script_leads() -> None:
    assert profiles.POKEMON_BLUE_SHA1 == "d7037c83e1ae5b39bde3c30787637ba1d4c48ce2"
    blue, red = profiles.pokemon_blue(), profiles.pokemon_red()
    assert (blue.name, blue.title) == ("pokemon_blue", "Pokémon Blue (UE)")
    assert list(blue.start_states) == ["power_on", "start"]
    assert blue.events is red.events
    assert blue.glyph_sources == red.glyph_sources


def test_an_allowed_unknown_cartridge_starts_at_power_on(write_tiny_rom: WriteRom) -> None:
    profile = resolve_rom(write_tiny_rom(), allow_unknown_rom=True).profile
    assert (profile.name, profile.title) == ("unknown", "TINY")
    assert list(profile.start_states) == [profile.default_start_state] == ["power_on"]


def test_a_truncated_cartridge_is_called_so(write_tiny_rom: WriteRom) -> None:
    path = write_tiny_rom()
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(RomFormatError, match="20000 bytes"):
        resolve_rom(path)


def test_half_of_the_open_cartridge_is_called_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "half.gb"
    path.write_bytes(profiles.OPEN_CARTRIDGE_PATH.read_bytes()[:0x8000])
    with pytest.raises(RomFormatError, match="cut off"):
        resolve_rom(path)


@pytest.mark.parametrize("place", ["missing.gb", ".", "a\0b"])
def test_a_path_without_a_readable_file_is_called_so(tmp_path: Path, place: str) -> None:
    with pytest.raises(RomNotFoundError, match="Set POKERED_ROM or pass rom_path="):
        resolve_rom(tmp_path / place)


def test_the_home_of_nobody_holds_no_rom() -> None:
    with pytest.raises(RomNotFoundError, match="~no-user"):
        resolve_rom("~no-user/red.gb")


@given(st.binary(max_size=100_000))
def test_random_bytes_are_refused_as_a_rom(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("rom") / "random.gb"
    path.write_bytes(data)
    with pytest.raises(RomError):
        resolve_rom(path)


def test_the_profile_of_pokemon_red_is_complete() -> None:
    profile = profiles.pokemon_red()
    assert profile.species[177] == "SQUIRTLE"
    assert profile.pokedex_numbers[177] == 7
    assert profile.items[4] == "POKE_BALL"
    assert profile.moves[33] == "TACKLE"
    assert len(profile.badges) == 8
    assert profile.default_start_state in profile.start_states


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in files here")
def test_pipes_devices_and_huge_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    pipe, huge = tmp_path / "pipe.gb", tmp_path / "huge.gb"
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate(8 * 2**30)
    for path, what in (
        (pipe, "ordinary"),
        (Path("/dev/zero"), "ordinary"),
        (huge, "8,589,934,592"),
    ):
        with pytest.raises(RomFormatError, match=what):
            resolve_rom(path)
