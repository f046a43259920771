"""What an episode has reached so far, and what it came to."""

from __future__ import annotations

from typing import Any, TypedDict

from pokered_env.game import events, ram
from pokered_env.game.contact import Met, addressed
from pokered_env.game.game_state import Battle, GameState
from pokered_env.task.exploration import Exploration
from pokered_env.untrusted import (
    BYTE,
    COUNT,
    REAL,
    TRUTH,
    WHOLE,
    WORD,
    Kind,
    check_fields,
    hexadecimal,
    is_list_of,
    or_none,
    whole_numbers,
)


class EpisodeSummary(TypedDict):
    """What an episode came to.

    Attributes:
        reward: Sum of the rewards.
        steps: Number of actions.
        reward_terms: Sum of each weighted term.
        coverage: Tiles stood on.
        events: Names of the events that happened, in order of their first time.
        num_events: How many they are, for curves.
        badges: Number of badges held.
        goal_reached: Whether the goal was reached.
        start_state: Name or path of the state it started from, or a digest of its bytes.
    """

    reward: float
    steps: int
    reward_terms: dict[str, float]
    coverage: int
    events: tuple[str, ...]
    num_events: int
    badges: int
    goal_reached: bool
    start_state: str


class EpisodeProgress:
    """Tiles, events and maxima of an episode, and the sums of its rewards.

    What is reached at the episode's start counts as reached.

    Args:
        state: The game at the episode's start.
        exploration: The episode's tiles; cleared, and the first tile entered.
        start_state: What the start state is called.
        ending_event: Flag that ends the game; None where the Hall of Fame count tells.

    Attributes:
        is_completed: Whether the game has been completed in this episode.
        num_steps_without_news: Steps since something was reached that the episode had not before: a
            tile, event, badge, species, member, level, or the start.
        met: Whom the player has talked to, what signs were read and which menus seen open; empty
            unless a reward term asks for it.
        place: Map id, column and row where the player was last, moments between two maps left out.
    """

    def __init__(
        self,
        state: GameState,
        exploration: Exploration,
        start_state: str = "",
        ending_event: int | None = None,
    ) -> None:
        self.start_state = start_state
        self.ending_event = ending_event
        self.is_completed = False
        self.place = state.map_id, state.x, state.y
        self._latest: GameState | None = state
        exploration.clear()
        exploration.visit(state)
        self.exploration = exploration
        self.events = state.events
        self.badges = state.badges
        self.pokedex_seen = state.pokedex_seen
        self.pokedex_owned = self.owned_lately = state.pokedex_owned
        self.max_level_sum = state.level_sum
        self.max_party_size = len(state.party)
        self.first_hall_of_fame_teams = state.num_hall_of_fame_teams
        self.hidden_found = state.hidden_found
        self.met: set[Met] = set()
        self._meet(None, state)
        self.num_steps = self.num_steps_without_news = 0
        self.event_flags: list[int] = []
        self.reward_sums: dict[str, float] = {}
        self.last_text = ""

    def update(self, state: GameState, terms: dict[str, float]) -> list[int]:
        """Take in the state after a step and its reward terms; return newly set event flags."""
        self.num_steps += 1
        for name, value in terms.items():
            if value:
                self.reward_sums[name] = self.reward_sums.get(name, 0.0) + value
        self.num_steps_without_news += 1
        latest, self._latest = self._latest, state
        if state is latest:
            return []
        before = self._reached()
        self._meet(latest, state)
        if self.exploration.is_on_map(state):
            self.place = state.map_id, state.x, state.y
            self.exploration.visit(state)
        if is_field(state):
            lasting = self.lasting_owned(state)
            self.pokedex_owned = events.union(lasting, self.pokedex_owned)
            self.owned_lately = state.pokedex_owned
        has_more = latest is None or not state.has_all_of(latest)
        new_flags = self._take_in(state) if has_more else []
        if self._reached() != before:
            self.num_steps_without_news = 0
        return new_flags

    def _meet(self, before: GameState | None, state: GameState) -> None:
        """Take in who has been talked to, what has been read and which menu is open."""
        if state.contact is not None:
            whom = addressed(before and before.contact, state.contact)
            self.met |= {met for met in (whom, state.contact.menu) if met is not None}

    def _take_in(self, state: GameState) -> list[int]:
        """Take in what walking does not change; return newly set event flags."""
        self.is_completed |= self.completes(state)
        new_flags = events.first_set(state.events, self.events)
        self.event_flags += new_flags
        self.events = events.union(state.events, self.events)
        self.badges |= state.badges
        self.pokedex_seen = events.union(state.pokedex_seen, self.pokedex_seen)
        self.hidden_found = events.union(state.hidden_found, self.hidden_found)
        self.max_level_sum = max(self.max_level_sum, state.level_sum)
        self.max_party_size = max(self.max_party_size, len(state.party))
        return new_flags

    def _reached(self) -> tuple[object, ...]:
        """Return what only ever grows."""
        return (
            self.exploration.num_tiles,
            self.events,
            self.badges,
            self.pokedex_seen,
            self.pokedex_owned,
            self.max_level_sum,
            self.max_party_size,
        )

    def completes(self, state: GameState) -> bool:
        """Tell whether the game is completed in this state and was not so in the episode yet."""
        if self.is_completed:
            return False
        if self.ending_event is None:
            return state.num_hall_of_fame_teams > self.first_hall_of_fame_teams
        return self.ending_event in events.first_set(state.events, self.events)

    def lasting_owned(self, state: GameState) -> bytes:
        """Return the species owned that count as caught: owned now and the last time one could.

        Games set these bits for a moment to show a page in full, and clear them again. What is
        owned therefore counts once it was so at the ends of two actions on the open field, with
        no page, menu, text or battle.
        """
        if not is_field(state):
            return self.pokedex_owned
        return events.common(state.pokedex_owned, self.owned_lately)

    def summary(
        self, state: GameState, names: events.EventTable, goal_reached: bool
    ) -> EpisodeSummary:
        """Return what the episode came to."""
        return EpisodeSummary(
            reward=float(sum(self.reward_sums.values())),
            steps=self.num_steps,
            reward_terms=dict(self.reward_sums),
            coverage=self.exploration.num_tiles,
            events=tuple(names.name(flag) for flag in self.event_flags),
            num_events=len(self.event_flags),
            badges=state.num_badges,
            goal_reached=goal_reached,
            start_state=self.start_state,
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        saved = {name: value for name, value in vars(self).items() if name not in _LIVE_FIELDS}
        for name in _BYTE_FIELDS:
            saved[name] = saved[name].hex()
        return {**saved, "met": sorted(self.met), "tiles": self.exploration.tiles()}

    @classmethod
    def from_json(cls, saved: dict[str, Any], exploration: Exploration) -> EpisodeProgress:
        """Restore what ``to_json`` returned; ``exploration`` takes the tiles.

        Raises:
            ValueError: It is nothing that ``to_json`` returned.
        """
        check_fields(saved, {**_SAVED_FIELDS, "tiles": _TILES, "met": _MET})
        exploration.restore(saved["tiles"])
        progress = cls.__new__(cls)
        progress.exploration, progress._latest = exploration, None
        for name in _SAVED_FIELDS:
            value = saved[name]
            setattr(progress, name, bytes.fromhex(value) if name in _BYTE_FIELDS else value)
        progress.place = tuple(saved["place"])
        progress.met = {(kind, a, b) for kind, a, b in saved["met"]}
        return progress


_LIVE_FIELDS = ("exploration", "_latest", "met")
_BYTE_FIELDS = {
    "events": hexadecimal(ram.EVENT_FLAGS.size),
    "pokedex_seen": hexadecimal(ram.POKEDEX_SEEN.size),
    "pokedex_owned": hexadecimal(ram.POKEDEX_OWNED.size),
    "owned_lately": hexadecimal(ram.POKEDEX_OWNED.size),
    "hidden_found": hexadecimal(ram.HIDDEN_FOUND.size),
}
_FLAG = whole_numbers(0, 8 * ram.EVENT_FLAGS.size - 1)
_SAVED_FIELDS = {
    **_BYTE_FIELDS,
    "start_state": WORD,
    "ending_event": or_none(_FLAG),
    "is_completed": TRUTH,
    "place": Kind("three bytes", lambda v: is_list_of(v, BYTE) and len(v) == 3),
    "badges": BYTE,
    "max_level_sum": COUNT,
    "max_party_size": COUNT,
    "first_hall_of_fame_teams": COUNT,
    "num_steps": COUNT,
    "num_steps_without_news": COUNT,
    "event_flags": Kind("a list of event flags", lambda v: is_list_of(v, _FLAG)),
    "reward_sums": Kind("an object of finite numbers", lambda v: _is_sums(v)),
    "last_text": WORD,
}
_TILES = Kind("a list of tiles", lambda v: isinstance(v, list) and all(map(_is_tile, v)))
_MET = Kind("a list of what was met", lambda v: isinstance(v, list) and all(map(_is_met, v)))
_MAP = whole_numbers(-1, 255)  # -1: the world's


def _is_sums(value: Any) -> bool:
    return isinstance(value, dict) and all(map(REAL.holds, value.values()))


def _is_met(value: Any) -> bool:
    is_three = isinstance(value, list | tuple) and len(value) == 3
    return is_three and WORD.holds(value[0]) and is_list_of(value[1:], BYTE)


def _is_tile(value: Any) -> bool:
    return is_list_of(value, WHOLE) and len(value) == 3 and _MAP.holds(value[0])


def is_field(state: GameState) -> bool:
    """Tell whether neither a battle nor a text, menu or page stands between player and map."""
    return state.battle is Battle.NONE and not state.has_window
