"""What is known about one game: names, numbers, and where to begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pokered_env.game.events import EventTable
from pokered_env.game.glyphs import GlyphSource
from pokered_env.game.maps import MapTable
from pokered_env.game.scripts import InputScript


@dataclass(frozen=True)
class StartState:
    """A named place to begin an episode.

    Attributes:
        description: For people.
        script: Inputs that lead there.
        after: The start state they go on from; None for power-on.
    """

    description: str
    script: InputScript
    after: str | None = None


@dataclass(frozen=True)
class RomProfile:
    """What the environment knows about one game beyond the addresses all games share.

    Attributes:
        name: Short name, as in ``info["rom"]``.
        title: Name for people.
        maps: Its maps.
        events: Its named event flags.
        ending_event: Flag that ends the game; None where the Hall of Fame count tells.
        badges: Names of the badges, by bit.
        species: Names by internal index.
        pokedex_numbers: Pokédex numbers by internal index.
        items: Names by item id.
        moves: Names by move id.
        glyph_sources: Where its characters' bitmaps lie in the ROM.
        start_states: Places to begin, by name.
        default_start_state: The one used when nobody asks for another.
        max_seed_noop_frames: A seed may let up to this many frames pass before an episode.
        joypad_routine: Address, in the ROM's first 32 KiB, of the routine that is called wherever
            the game asks for buttons; None where it is not known.
    """

    name: str
    title: str
    maps: MapTable
    events: EventTable
    ending_event: str | None
    badges: tuple[str, ...]
    species: Mapping[int, str]
    pokedex_numbers: Mapping[int, int]
    items: Mapping[int, str]
    moves: Mapping[int, str]
    glyph_sources: tuple[GlyphSource, ...]
    start_states: Mapping[str, StartState]
    default_start_state: str
    max_seed_noop_frames: int
    joypad_routine: int | None

    @property
    def ending_flag(self) -> int | None:
        """Number of the flag that ends the game, if one does."""
        return None if self.ending_event is None else self.events.flags[self.ending_event]
