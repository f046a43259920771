"""One frozen snapshot of the game, decoded from memory. No other module decodes these variables."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from pokered_env.game import ram
from pokered_env.game.contact import Contact, read_contact
from pokered_env.game.party import PartyMember, decode_party
from pokered_env.game.ram import Memory, Symbol


class Direction(IntEnum):
    """Where the player looks, in the order of the game's own numbers."""

    DOWN = 0
    UP = 1
    LEFT = 2
    RIGHT = 3


class Battle(IntEnum):
    """What kind of battle is going on."""

    NONE = 0
    WILD = 1
    TRAINER = 2


class GameState(NamedTuple):  # a frozen dataclass takes eight times as long to make
    """The game at one moment.

    Attributes:
        map_id: Current map.
        x: Column on the map in 16-pixel steps, as stored: 255 is -1 for a moment between two maps.
        y: Row on the map, likewise.
        map_blocks: Height and width of the map in 32-pixel blocks. On the way into another map,
            ``map_id`` is already the new one's; these and the coordinates are still the old one's.
        map_header: Tileset, size and data pointer of the map that is loaded (5 bytes); like
            ``map_blocks`` the old one's for a moment, but no two maps share it.
        direction: Where the player looks.
        battle: Kind of battle; a lost battle being wound up counts as none.
        party: Up to six members; one that is just being written does not count yet.
        badges: Bit mask of the badges.
        money: 0 to 999,999.
        events: The 320 bytes of event flags, lowest bit first.
        pokedex_owned: Bit n-1 is set when number n has been caught (19 bytes).
        pokedex_seen: Bit n-1 is set when number n has been seen (19 bytes).
        bag: Pairs of item id and quantity.
        hidden_found: Bits of the hidden items and coins that have been found (16 bytes).
        num_hall_of_fame_teams: Times the game has been completed.
        joy_ignore: Buttons the game ignores now: A1 B2 SELECT4 START8 RIGHT16 LEFT32 UP64 DOWN128.
        walk_counter: 8 to 1 during a step of the player, 0 when standing.
        is_scripted: Whether the game itself is moving the player or has disabled the buttons.
        has_window: Whether a text, menu or page lies over the map.
        contact: What the player faces and what is open; None unless a reward term asks for it.
    """

    map_id: int
    x: int
    y: int
    map_blocks: tuple[int, int]
    map_header: bytes
    direction: Direction
    battle: Battle
    party: tuple[PartyMember, ...]
    badges: int
    money: int
    events: bytes
    pokedex_owned: bytes
    pokedex_seen: bytes
    bag: tuple[tuple[int, int], ...]
    hidden_found: bytes
    num_hall_of_fame_teams: int
    joy_ignore: int
    walk_counter: int
    is_scripted: bool
    has_window: bool
    contact: Contact | None = None

    @classmethod
    def read(cls, memory: Memory) -> GameState:
        """Decode the snapshot from ``memory``."""
        return GameReader(memory).read()

    @property
    def num_badges(self) -> int:
        """Number of badges, 0 to 8."""
        return self.badges.bit_count()

    @property
    def num_seen(self) -> int:
        """Number of species seen."""
        return ram.num_set_bits(self.pokedex_seen)

    @property
    def num_caught(self) -> int:
        """Number of species caught."""
        return ram.num_set_bits(self.pokedex_owned)

    @property
    def level_sum(self) -> int:
        """Sum of the party's levels."""
        return sum(member.level for member in self.party)

    @property
    def mean_hp_fraction(self) -> float:
        """Mean of the party's hit-point fractions; 1 for an empty party."""
        if not self.party:
            return 1.0
        return sum(member.hp_fraction for member in self.party) / len(self.party)

    @property
    def is_blacked_out(self) -> bool:
        """Whether there is a party and nobody in it can stand."""
        return bool(self.party) and not any(member.hp for member in self.party)

    def has_all_of(self, other: GameState) -> bool:
        """Tell whether one `GameReader` read both, and nothing but the moment differs.

        The same then are party, badges, money, species, bag, events, hidden things and teams.
        """
        return self.pokedex_owned is other.pokedex_owned

    def has_event(self, flag: int) -> bool:
        """Tell whether event flag number ``flag`` is set."""
        return bool(self.events[flag >> 3] >> (flag & 7) & 1)


_Bag = tuple[tuple[int, int], ...]
_Lasting = tuple[tuple[PartyMember, ...], int, int, bytes, bytes, bytes, _Bag, bytes, int]
"""From the party on to the Hall of Fame's teams, in the order of `GameState`."""


class GameReader:
    """Reads snapshots from one memory and decodes only what has changed since the last one.

    An unchanged game gives the very same snapshot; a changed one shares with the last what has not
    changed.

    Args:
        memory: The emulator or a recording.
        with_contact: Read `GameState.contact` too, which takes longer than the rest.
    """

    def __init__(self, memory: Memory, with_contact: bool = False) -> None:
        self._memory, self._with_contact = memory, with_contact
        self._read_byte = memory.read_byte
        self._read_record = memory.reader(_RECORD.address, _RECORD.size)
        self._read_events = memory.reader(ram.EVENT_FLAGS.address, ram.EVENT_FLAGS.size)
        self._read_hidden = memory.reader(ram.HIDDEN_FOUND.address, ram.HIDDEN_FOUND.size)
        self._raw: tuple[list[int], bytes, bytes, bytes, Contact | None] | None = None
        self._state: GameState
        self._lasting: _Lasting
        self._lasting_raw: tuple[bytes, bytes, bytes, int] | None = None
        self._events = b""

    def read(self) -> GameState:
        """Decode the snapshot of now."""
        record, events, hidden = self._read_record(), self._read_events(), self._read_hidden()
        moment = [*map(self._read_byte, _MOMENT)]
        contact = read_contact(self._memory) if self._with_contact else None
        if (raw := (moment, record, events, hidden, contact)) == self._raw:
            return self._state
        self._raw = raw
        lasting = record[_LASTING], events, hidden, moment[_TEAMS]
        if lasting != self._lasting_raw:
            self._lasting_raw = lasting
            if events != self._events:
                self._events = events
            self._lasting = _decode_lasting(record, self._events, hidden, moment[_TEAMS])
        self._state = self._decode(contact, record, *moment)
        return self._state

    def _decode(
        self,
        contact: Contact | None,
        record: bytes,
        facing: int,
        battle: int,
        _: int,
        joy_ignore: int,
        walk_counter: int,
        simulated: int,
        flags: int,
        window_y: int,
    ) -> GameState:
        party, badges, money, events, owned, seen, bag, hidden, teams = self._lasting
        return GameState(
            map_id=record[_MAP_ID],
            x=record[_X],
            y=record[_Y],
            map_blocks=(record[_HEIGHT], record[_WIDTH]),
            map_header=record[_HEADER],
            direction=_DIRECTIONS[facing >> 2 & 3],
            battle=_BATTLES.get(battle, Battle.NONE),
            party=party,
            badges=badges,
            money=money,
            events=events,
            pokedex_owned=owned,
            pokedex_seen=seen,
            bag=bag,
            hidden_found=hidden,
            num_hall_of_fame_teams=teams,
            joy_ignore=joy_ignore,
            walk_counter=walk_counter,
            is_scripted=bool(simulated or flags & ram.SCRIPTED_BITS),
            has_window=window_y != ram.WINDOW_HIDDEN,
            contact=contact,
        )


# wPartyCount to wMapDataPtr lie close together and are read at once.
_RECORD = Symbol("wPartyCount..wMapDataPtr", ram.PARTY_COUNT.address, 0xD36C - 0xD163)
_MOMENT = tuple(
    symbol.address
    for symbol in (
        ram.PLAYER_FACING,
        ram.IS_IN_BATTLE,
        ram.NUM_HOF_TEAMS,
        ram.JOY_IGNORE,
        ram.WALK_COUNTER,
        ram.SIMULATED_JOYPAD_INDEX,
        ram.STATUS_FLAGS_5,
        ram.WINDOW_Y,
    )
)
_TEAMS = _MOMENT.index(ram.NUM_HOF_TEAMS.address)
_DIRECTIONS = tuple(Direction)
_BATTLES = {kind.value: kind for kind in Battle}


def _offset(symbol: Symbol) -> int:
    return symbol.address - _RECORD.address


def _span(symbol: Symbol) -> slice:
    return slice(_offset(symbol), _offset(symbol) + symbol.size)


_MAP_ID, _X, _Y = _offset(ram.CUR_MAP), _offset(ram.X_COORD), _offset(ram.Y_COORD)
_HEIGHT, _WIDTH = _offset(ram.CUR_MAP_SIZE), _offset(ram.CUR_MAP_SIZE) + 1
_BADGES, _MONEY, _BAG = _offset(ram.BADGES), _span(ram.MONEY), _span(ram.BAG)
_OWNED, _SEEN = _span(ram.POKEDEX_OWNED), _span(ram.POKEDEX_SEEN)
_PARTY_COUNT, _PARTY_SPECIES = _offset(ram.PARTY_COUNT), _offset(ram.PARTY_SPECIES)
_PARTY_MONS = _span(ram.PARTY_MONS)
_HEADER = slice(_offset(ram.CUR_MAP_TILESET), _span(ram.MAP_DATA_POINTER).stop)
_LASTING = slice(0, _BADGES + 1)  # what walking does not change


def _decode_lasting(record: bytes, events: bytes, hidden: bytes, teams: int) -> _Lasting:
    count = min(record[_PARTY_COUNT], ram.PARTY_SIZE)
    return (
        decode_party(record[_PARTY_SPECIES:][:count], record[_PARTY_MONS]),
        record[_BADGES],
        ram.decimal(record[_MONEY]),
        events,
        record[_OWNED],
        record[_SEEN],
        _decode_bag(record[_BAG]),
        hidden,
        teams,
    )


def _decode_bag(raw: bytes) -> tuple[tuple[int, int], ...]:
    count = min(raw[0], 20)
    return tuple(zip(raw[1 : 1 + 2 * count : 2], raw[2 : 2 + 2 * count : 2], strict=True))
