"""What has been reached first and from where, and where to start because of it.

Processes share it through a folder: one file a milestone, written in one piece under its event's
name. Whoever comes second to an event finds the file there and leaves it.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pokered_env.emulation.emulator import PYBOY_VERSION
from pokered_env.emulation.state_file import MAX_STATE_SIZE, pack_state
from pokered_env.errors import ConfigError, StateError
from pokered_env.folders import FileKindError, read_file, write_atomically
from pokered_env.game.rom import Rom
from pokered_env.task.start_states import StartStates, load_start_state
from pokered_env.untrusted import COUNT, WORD, check_fields, or_none, parse_object

_log = logging.getLogger("pokered_env")


@dataclass(frozen=True)
class Milestone:
    """An event that some environment has been the first to reach.

    Attributes:
        event: Its name.
        state: The emulator's state right after it; None where nobody starts from it: the goal was
            reached with it, or the episode's last step with autoreset `SameStep`.
        num_events: Event flags set in ``state``; 0 without one.
        env_index: Which environment got there; None for one of another process.
        total_steps: Steps all environments of its process together had taken.
        steps_from_start: Steps of play from the first start state to here, those of the milestones
            it was reached from included: what an agent would need without the curriculum.
        parent: Event of the milestone it was reached from; None from the first start state.
        first_state: The start state of the environment's own that it all began at.
    """

    event: str
    state: bytes | None
    num_events: int
    env_index: int | None
    total_steps: int
    steps_from_start: int
    parent: str | None
    first_state: str


MILESTONE_FIELDS = {
    "event": WORD,
    "num_events": COUNT,
    "env_index": or_none(COUNT),
    "total_steps": COUNT,
    "steps_from_start": COUNT,
    "parent": or_none(WORD),
    "first_state": WORD,
}
"""What the fields of a milestone are, but for its state."""


class SwarmFolder:
    """Milestones of all processes that use one folder, of one ROM.

    Args:
        path: The folder; made if there is none. Each ROM has a folder of its own in it.
        rom: The cartridge.

    Raises:
        ConfigError: It cannot be made.
    """

    def __init__(self, path: str | os.PathLike[str], rom: Rom) -> None:
        self._rom = rom
        self._seen: set[str] = set()
        try:
            self._path = Path(path).expanduser() / rom.sha1
            self._path.mkdir(parents=True, exist_ok=True)
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            raise ConfigError(
                f"folder={path!r} cannot hold milestones ({error}). Pass a folder that all "
                "processes can write to."
            ) from error

    def offer(self, milestone: Milestone) -> None:
        """Share a milestone that has a state, unless somebody has shared its event already."""
        file = self._path / f"{milestone.event}.milestone"
        self._seen.add(file.name)
        if milestone.state is None or file.exists():
            return
        head = {name: value for name, value in asdict(milestone).items() if name != "state"}
        state = pack_state(milestone.state, self._rom.sha1, PYBOY_VERSION)
        try:
            write_atomically(file, json.dumps(head).encode() + b"\n" + state)
        except OSError as error:  # a full disk ends the sharing, not the training
            _log.warning("Milestone %s is not shared: %s", milestone.event, error)

    def take(self) -> list[Milestone]:
        """Return the milestones of others that this has not returned yet, the furthest last."""
        new = [file for file in self._path.glob("*.milestone") if file.name not in self._seen]
        self._seen.update(file.name for file in new)
        found = [milestone for file in new if (milestone := self._read(file)) is not None]
        return sorted(found, key=lambda milestone: milestone.num_events)

    def _read(self, file: Path) -> Milestone | None:
        try:
            head, _, state = read_file(file, MAX_STATE_SIZE).partition(b"\n")
            fields = parse_object(head)
            check_fields(fields, MILESTONE_FIELDS)
            native = load_start_state(self._rom, state)
            return Milestone(**{**fields, "state": native, "env_index": None})
        except (OSError, ValueError, FileKindError, StateError) as error:
            _log.warning("%s is no milestone, and left out: %s", file, error)
            return None


class Milestones:
    """The milestones reached so far, and the start states that follow from them.

    Args:
        first: Where episodes start without any.
        share: Probability of starting at the furthest one.
        folder: Where other processes share theirs; None to keep to oneself.
    """

    def __init__(self, first: StartStates, share: float, folder: SwarmFolder | None) -> None:
        self._first, self._share, self._folder = first, share, folder
        self.list: list[Milestone] = []

    def wants(self, event: str, has_state: bool) -> bool:
        """Tell whether an event is new, or its state where there was none to keep."""
        known = [milestone for milestone in self.list if milestone.event == event]
        return not known or (has_state and all(m.state is None for m in known))

    def add(self, reached: Milestone, begun_at: str) -> None:
        """Take in what an environment has reached.

        Args:
            reached: The milestone, counted from the start of its episode.
            begun_at: Label of the start state of that episode.
        """
        if parent := next((m for m in self._with_state() if m.event == begun_at), None):
            reached = replace(
                reached,
                steps_from_start=reached.steps_from_start + parent.steps_from_start,
                parent=parent.event,
                first_state=parent.first_state,
            )
        self.list.append(reached)
        if self._folder is not None:
            self._folder.offer(reached)

    def take_from_others(self) -> bool:
        """Take in what other processes have shared since the last time; tell whether it is any."""
        shared = self._folder.take() if self._folder else []
        taken = [m for m in shared if self.wants(m.event, has_state=True)]
        self.list += taken
        return bool(taken)

    def starts(self) -> StartStates:
        """Return where episodes start now: with most event flags set, the newest among equals."""
        furthest: Milestone | None = None
        for milestone in self._with_state():
            if furthest is None or milestone.num_events >= furthest.num_events:
                furthest = milestone
        if furthest is None:
            return self._first
        return self._first.with_share(furthest.event, furthest.state or b"", self._share)

    def _with_state(self) -> list[Milestone]:
        return [milestone for milestone in self.list if milestone.state is not None]
