"""Where episodes begin: states by name, path or bytes, always in the running PyBoy's own format.

An emulator reset from a state in another PyBoy's format depends on what it did before, and can
crash. So every state is loaded once in a fresh emulator and saved there; only those bytes are used.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from pokered_env.emulation.emulator import PYBOY_VERSION, STATE_FORMAT, Emulator
from pokered_env.emulation.migration import ROM_BANK, migrate_state
from pokered_env.emulation.native_state import check_native_state
from pokered_env.emulation.state_file import (
    MAGIC,
    MAX_STATE_SIZE,
    open_state,
    pack_state,
    unpack_state,
)
from pokered_env.errors import (
    ConfigError,
    StartScriptError,
    StateError,
    StateFormatError,
    StateNotFoundError,
)
from pokered_env.folders import (
    FileKindError,
    cache_folder,
    data_folder,
    read_file,
    write_atomically,
)
from pokered_env.game import scripts
from pokered_env.game.game_state import GameState
from pokered_env.game.rom import Rom

State = str | os.PathLike[str] | bytes
"""A start state: a name, the path of a file, or the bytes of one."""

_STATE_TYPES = (str, os.PathLike, bytes)
_LONGEST_NAME = 60  # file systems allow 255 bytes with the ending

_log = logging.getLogger("pokered_env")


def load_start_state(rom: Rom, state: State) -> bytes:
    """Find a start state and bring it into native form.

    Args:
        rom: The cartridge.
        state: A name known to the ROM's profile or to the state folder, a path, or bytes: of
            ``pokered states make``, or of any PyBoy since 1.6.

    Returns:
        The state in the running PyBoy's format.

    Raises:
        StateNotFoundError: Nothing has this name or path.
        StateFormatError: The file or bytes are no save state of this ROM.
        StateMismatchError: It was made for another ROM.
        StartScriptError: The script of this name did not lead where it should.
    """
    if isinstance(state, bytes):
        return _native(rom, state)
    if isinstance(state, str):
        if state in rom.profile.start_states:
            return _scripted(rom, state)
        state_file = state_folder(rom) / f"{state}.state"
        if _is_plain_name(state) and state_file.exists():
            return _native(rom, _read(rom, state_file))
    return _native(rom, _read(rom, state))


def _read(rom: Rom, path: str | os.PathLike[str]) -> bytes:
    try:
        return read_file(Path(path).expanduser(), MAX_STATE_SIZE)
    except FileKindError as error:
        raise StateFormatError(f"{path} {error}: no save state.") from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no such user's home
        names = ", ".join(list_start_states(rom))
        raise StateNotFoundError(
            f"{str(path)!r} is no start state of {rom.profile.title} ({names}), and no readable "
            "file has that path. `pokered states make NAME` adds one."
        ) from error


@dataclass(frozen=True)
class StartStates:
    """The states episodes start from, and how often each.

    Attributes:
        labels: What the states are called.
        states: The states, in native form.
        shares: The probability of each.
    """

    labels: tuple[str, ...]
    states: tuple[bytes, ...]
    shares: tuple[float, ...]

    @classmethod
    def load(cls, rom: Rom, states: State | Mapping[State, float]) -> StartStates:
        """Find one state, or a mapping of states to their weights.

        Raises:
            StateError: A state cannot be used.
            ConfigError: The weights are no positive numbers.
        """
        weights = _weights(states)
        total = sum(weights.values())
        return cls(
            labels=tuple(_label(state) for state in weights),
            states=tuple(load_start_state(rom, state) for state in weights),
            shares=tuple(weight / total for weight in weights.values()),
        )

    def with_share(self, label: str, state: bytes, share: float) -> StartStates:
        """Return these states with another, in native form, that is drawn with ``share``."""
        return StartStates(
            labels=(*self.labels, label),
            states=(*self.states, state),
            shares=(*(old * (1 - share) for old in self.shares), share),
        )

    def draw(self, rng: np.random.Generator) -> tuple[str, bytes]:
        """Return the label and the bytes of a state; draws nothing if there is only one."""
        i = int(rng.choice(len(self.states), p=self.shares)) if len(self.states) > 1 else 0
        return self.labels[i], self.states[i]


def _weights(states: Any) -> Mapping[State, float]:
    weights = {states: 1.0} if isinstance(states, _STATE_TYPES) else states
    if not isinstance(weights, Mapping) or not all(isinstance(s, _STATE_TYPES) for s in weights):
        raise ConfigError(
            f"{states!r} is no start state. Pass a name, a path, bytes, or a mapping of such to "
            "weights."
        )
    numbers = all(isinstance(w, int | float) and 0 <= w < inf for w in weights.values())
    if not numbers or not sum(weights.values()) > 0:
        raise ConfigError(
            f"Weights of start states {list(weights.values())}: pass numbers from 0 on, at least "
            "one of them above."
        )
    return weights


def _label(state: State) -> str:
    if isinstance(state, bytes):
        return f"bytes:{hashlib.sha1(state).hexdigest()[:8]}"
    return os.fspath(state)


def list_start_states(rom: Rom) -> dict[str, str]:
    """Return the descriptions of all start states by name, those made by the user included."""
    own = {path.stem: str(path) for path in sorted(state_folder(rom).glob("*.state"))}
    return {**own, **{name: s.description for name, s in rom.profile.start_states.items()}}


def new_state_path(rom: Rom, name: str, *, replace: bool = False) -> Path:
    """Return the file in the user's state folder a state of this name is to be kept in.

    Args:
        rom: The cartridge.
        name: What the state is to be called.
        replace: Whether a state of this name may be there already.

    Raises:
        StateError: The name cannot be a file's name, is taken, or the folder cannot be made.
    """
    if not _is_plain_name(name) or name in rom.profile.start_states:
        raise StateError(
            f"{name!r} cannot be the name of a state: use letters, digits, '-' and '_', and none "
            f"of {', '.join(rom.profile.start_states)}."
        )
    path = state_folder(rom) / f"{name}.state"
    if path.exists() and not replace:
        raise StateError(f"There is a state {name!r} already, {path}. --force replaces it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def save_start_state(rom: Rom, name: str, state: bytes, *, replace: bool = False) -> Path:
    """Keep a native state under a name in the user's state folder; return the file's path.

    Raises:
        StateError: As ``new_state_path`` does, or the file cannot be written.
    """
    path = new_state_path(rom, name, replace=replace)
    try:
        write_atomically(path, pack_state(state, rom.sha1, PYBOY_VERSION))
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(f"Cannot write {path} ({error}). Set POKERED_DATA to another folder.")


def state_folder(rom: Rom) -> Path:
    """Return the folder of the user's own states for this ROM."""
    return data_folder() / "states" / rom.sha1


def _is_plain_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and all(c.isalnum() or c in "-_" for c in name)


@lru_cache(maxsize=32)
def _scripted(rom: Rom, name: str) -> bytes:
    path = cache_folder() / "scripted" / f"{_fingerprint(rom, name)}.state"
    try:
        return unpack_state(read_file(path, MAX_STATE_SIZE), rom.sha1, PYBOY_VERSION)
    except (OSError, FileKindError, StateError):
        state = _in_fresh_emulator(rom, lambda emulator: _play_script(rom, name, emulator))
    try:
        write_atomically(path, pack_state(state, rom.sha1, PYBOY_VERSION))
    except OSError as error:
        _log.info("Start state %r is not cached: %s", name, error)
    return state


def _play_script(rom: Rom, name: str, emulator: Emulator) -> None:
    start = rom.profile.start_states[name]
    if start.after is not None:
        emulator.load_state(_scripted(rom, start.after))
    scripts.play(start.script, emulator, rom.glyphs)
    if start.reached is None:
        return
    profile = rom.profile
    if missed := start.reached.missed(GameState.read(emulator), profile.events, profile.maps):
        raise StartScriptError(
            f"The script of {name!r} was played, but {' and '.join(missed)}. Play up to it by "
            f"hand: `pokered states make my_{name} --state {start.after or 'power_on'}`, and start "
            f"from 'my_{name}'."
        )


def _fingerprint(rom: Rom, name: str) -> str:
    start = rom.profile.start_states[name]
    script = [(p.button, p.hold_frames, p.total_frames, p.repeat, p.goal) for p in start.script]
    before = None if start.after is None else _fingerprint(rom, start.after)
    made_from = (rom.sha1, PYBOY_VERSION, name, script, start.reached, before)
    return hashlib.sha1(repr(made_from).encode()).hexdigest()


@lru_cache(maxsize=32)
def _native(rom: Rom, raw: bytes) -> bytes:
    if raw.startswith(MAGIC):
        raw, pyboy_version = open_state(raw, rom.sha1)
        if pyboy_version == PYBOY_VERSION:
            check_own_state(rom, raw)
            return raw
    migrated = migrate_state(raw, *_size_and_banks(rom))
    return _in_fresh_emulator(rom, lambda emulator: emulator.load_migrated_state(migrated))


def check_own_state(rom: Rom, state: bytes) -> None:
    """Make sure that a state in native form can be loaded.

    Raises:
        StateFormatError: It cannot.
    """
    check_native_state(state, STATE_FORMAT, *_size_and_banks(rom))


def _size_and_banks(rom: Rom) -> tuple[int, int]:
    return len(load_start_state(rom, "power_on")), rom.path.stat().st_size // ROM_BANK


def _in_fresh_emulator(rom: Rom, prepare: Callable[[Emulator], None]) -> bytes:
    emulator = Emulator(rom.path)
    try:
        prepare(emulator)
        return emulator.save_state()
    finally:
        emulator.close()
