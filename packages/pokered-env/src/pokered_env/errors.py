"""Every exception this package raises on purpose.

Each message says what was wrong, the value that was found, and what to do next.

    PokeRedError
    ├── RomError
    │   ├── RomNotFoundError      no file there
    │   ├── RomFormatError        a file, but no intact Game Boy cartridge
    │   └── UnknownRomError       an intact cartridge nobody has described to us
    ├── StateError
    │   ├── StateNotFoundError    no start state of that name, no file at that path
    │   ├── StateFormatError      bytes that are no save state
    │   └── StateMismatchError    a save state of another ROM, PyBoy or format version
    ├── StartScriptError          an input script did not lead where it should
    ├── ConfigError               an argument outside its range (also a ValueError)
    ├── InvalidActionError        an action outside the action space (also a ValueError)
    ├── ClosedError               used after close() (also a RuntimeError)
    ├── ResetNeededError          step() or render() before reset() (also a RuntimeError)
    ├── EpisodeError
    │   ├── EpisodeFormatError    bytes that are no recorded episode
    │   └── EpisodeMismatchError  a replay that went another way than the recording
    ├── RecordingError            a recording of memory that cannot be read
    ├── SelfTestError             the environment did not do what it promises
    └── MissingDependencyError    an optional package is not installed (also an ImportError)
"""

from __future__ import annotations

__all__ = [
    "ClosedError",
    "ConfigError",
    "EpisodeError",
    "EpisodeFormatError",
    "EpisodeMismatchError",
    "InvalidActionError",
    "MissingDependencyError",
    "PokeRedError",
    "RecordingError",
    "ResetNeededError",
    "RomError",
    "RomFormatError",
    "RomNotFoundError",
    "SelfTestError",
    "StartScriptError",
    "StateError",
    "StateFormatError",
    "StateMismatchError",
    "StateNotFoundError",
    "UnknownRomError",
]


class PokeRedError(Exception):
    """Base of every error of this package."""


class RomError(PokeRedError):
    """The cartridge file cannot be used."""


class RomNotFoundError(RomError):
    """There is no readable file at the ROM path."""


class RomFormatError(RomError):
    """The file is no intact Game Boy cartridge."""


class UnknownRomError(RomError):
    """The cartridge is intact, but its SHA-1 is not one we know."""


class StateError(PokeRedError):
    """A save state cannot be used."""


class StateNotFoundError(StateError):
    """No start state has this name, and no file has this path."""


class StateFormatError(StateError):
    """The bytes are no save state."""


class StateMismatchError(StateError):
    """The save state belongs to another ROM, PyBoy version or format version."""


class StartScriptError(PokeRedError):
    """An input script did not lead to the state it should lead to."""


class ConfigError(PokeRedError, ValueError):
    """An argument is outside its range."""


class InvalidActionError(PokeRedError, ValueError):
    """An action is outside the action space."""


class ClosedError(PokeRedError, RuntimeError):
    """The environment or emulator was used after ``close()``."""


class ResetNeededError(PokeRedError, RuntimeError):
    """``reset()`` has to come first."""


class EpisodeError(PokeRedError):
    """A recorded episode cannot be used."""


class EpisodeFormatError(EpisodeError):
    """The bytes are no recorded episode."""


class EpisodeMismatchError(EpisodeError):
    """A replay went another way than the recording.

    Attributes:
        step: Number of the first action (from 1; 0 is the reset) after which the two differ.
        what: What differs there.
    """

    def __init__(self, message: str, step: int, what: str) -> None:
        super().__init__(message)
        self.step = step
        self.what = what


class RecordingError(PokeRedError):
    """A recording of memory cannot be read."""


class MissingDependencyError(PokeRedError, ImportError):
    """An optional package is needed for this and is not installed."""


class SelfTestError(PokeRedError):
    """The environment did not do what it promises: a bug, in it or in what it runs on."""


_HAS_NOTES = hasattr(BaseException, "add_note")


def add_note(error: BaseException, note: str, has_notes: bool = _HAS_NOTES) -> None:
    """Have a traceback of the error say something more, on Python 3.10 as its first cause."""
    if has_notes:
        error.add_note(note)  # type: ignore[attr-defined] # from Python 3.11 on
        return
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    error.__cause__ = PokeRedError(note)
