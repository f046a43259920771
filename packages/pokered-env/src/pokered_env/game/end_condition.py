"""What must hold where an input script ends: plain data, so that milestones come from files."""

from __future__ import annotations

from dataclasses import dataclass

from pokered_env.game.events import EventTable
from pokered_env.game.game_state import GameState
from pokered_env.game.maps import MapTable


@dataclass(frozen=True)
class EndCondition:
    """Where a script has to lead; what is None does not matter.

    Attributes:
        event: Name of an event flag that is set.
        map_id: Map the player is on.
        party_size: Least number of members in the party.
    """

    event: str | None = None
    map_id: int | None = None
    party_size: int | None = None

    def missed(self, state: GameState, events: EventTable, maps: MapTable) -> list[str]:
        """Say in words, one sentence part each, what does not hold; nothing if all does.

        Args:
            state: The game where the script has ended.
            events: The game's events.
            maps: The game's maps.
        """
        problems = []
        if self.event is not None and not state.has_event(events.flags[self.event]):
            problems.append(f"{self.event} is not set")
        if self.map_id is not None and state.map_id != self.map_id:
            there, wanted = maps.name(state.map_id), maps.name(self.map_id)
            problems.append(f"the player is on {there}, not {wanted}")
        if self.party_size is not None and len(state.party) < self.party_size:
            problems.append(f"the party has {len(state.party)} of {self.party_size} members")
        return problems
