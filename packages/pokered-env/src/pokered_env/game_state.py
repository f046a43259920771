"""One frozen snapshot of the game, decoded from memory. No other module decodes these variables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from pokered_env import ram
from pokered_env.ram import Memory, Symbol


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


@dataclass(frozen=True, slots=True)
class PartyMember:
    """One member of the party.

    Attributes:
        species: The game's internal species index (not the Pokédex number).
        level: 0 to 255; 1 to 100 in honest play.
        hp: Current hit points.
        max_hp: Hit points when healthy. Glitched games can have less than ``hp``.
        status: Bits: 0-2 turns of sleep, 3 poison, 4 burn, 5 freeze, 6 paralysis.
        moves: Four move ids, 0 for an empty slot.
    """

    species: int
    level: int
    hp: int
    max_hp: int
    status: int
    moves: tuple[int, int, int, int]

    @property
    def hp_fraction(self) -> float:
        """Hit points as a share of the maximum, in [0, 1]."""
        return min(self.hp / self.max_hp, 1.0) if self.max_hp else 0.0


@dataclass(frozen=True, slots=True)
class GameState:
    """The game at one moment.

    Attributes:
        map_id: Current map.
        x: Column on the map in 16-pixel steps, as stored: 255 is -1 for a moment between two maps.
        y: Row on the map, likewise.
        direction: Where the player looks.
        battle: Kind of battle; a lost battle being wound up counts as none.
        party: Up to six members.
        badges: Bit mask of the badges.
        money: 0 to 999,999.
        events: The 320 bytes of event flags, lowest bit first.
        pokedex_owned: Bit n-1 is set when number n has been caught (19 bytes).
        pokedex_seen: Bit n-1 is set when number n has been seen (19 bytes).
        bag: Pairs of item id and quantity.
        num_hall_of_fame_teams: Times the game has been completed.
        joy_ignore: Buttons the game ignores now: A1 B2 SELECT4 START8 RIGHT16 LEFT32 UP64 DOWN128.
        walk_counter: 8 to 1 during a step of the player, 0 when standing.
        is_scripted: Whether the game itself is moving the player or has disabled the buttons.
    """

    map_id: int
    x: int
    y: int
    direction: Direction
    battle: Battle
    party: tuple[PartyMember, ...]
    badges: int
    money: int
    events: bytes
    pokedex_owned: bytes
    pokedex_seen: bytes
    bag: tuple[tuple[int, int], ...]
    num_hall_of_fame_teams: int
    joy_ignore: int
    walk_counter: int
    is_scripted: bool

    @classmethod
    def read(cls, memory: Memory) -> GameState:
        """Decode the snapshot from ``memory``."""
        read, byte = memory.read, memory.read_byte
        party_size = min(byte(ram.PARTY_COUNT.address), ram.PARTY_SIZE)
        party = read(ram.PARTY_MONS.address, ram.PARTY_MON_SIZE * party_size) if party_size else b""
        record = read(_RECORD.address, _RECORD.size)
        return cls(
            map_id=record[_MAP_ID],
            x=record[_X],
            y=record[_Y],
            direction=_DIRECTIONS[byte(ram.PLAYER_FACING.address) >> 2 & 3],
            battle=_BATTLES.get(byte(ram.IS_IN_BATTLE.address), Battle.NONE),
            party=_decode_party(party),
            badges=record[_BADGES],
            money=ram.decimal(record[_MONEY]),
            events=read(ram.EVENT_FLAGS.address, ram.EVENT_FLAGS.size),
            pokedex_owned=record[_OWNED],
            pokedex_seen=record[_SEEN],
            bag=_decode_bag(record[_BAG]),
            num_hall_of_fame_teams=byte(ram.NUM_HOF_TEAMS.address),
            joy_ignore=byte(ram.JOY_IGNORE.address),
            walk_counter=byte(ram.WALK_COUNTER.address),
            is_scripted=bool(
                byte(ram.SIMULATED_JOYPAD_INDEX.address)
                or byte(ram.STATUS_FLAGS_5.address) & ram.SCRIPTED_BITS
            ),
        )

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

    def has_event(self, flag: int) -> bool:
        """Tell whether event flag number ``flag`` is set."""
        return bool(self.events[flag >> 3] >> (flag & 7) & 1)


# wPokedexOwned to wXCoord lie close together and are read at once.
_RECORD = Symbol("wPokedexOwned..wXCoord", ram.POKEDEX_OWNED.address, 0xD363 - 0xD2F7)
_DIRECTIONS = tuple(Direction)
_BATTLES = {kind.value: kind for kind in Battle}


def _offset(symbol: Symbol) -> int:
    return symbol.address - _RECORD.address


def _span(symbol: Symbol) -> slice:
    return slice(_offset(symbol), _offset(symbol) + symbol.size)


_MAP_ID, _X, _Y = _offset(ram.CUR_MAP), _offset(ram.X_COORD), _offset(ram.Y_COORD)
_BADGES, _MONEY, _BAG = _offset(ram.BADGES), _span(ram.MONEY), _span(ram.BAG)
_OWNED, _SEEN = _span(ram.POKEDEX_OWNED), _span(ram.POKEDEX_SEEN)


@lru_cache(maxsize=256)
def _decode_party(raw: bytes) -> tuple[PartyMember, ...]:
    starts = range(0, len(raw), ram.PARTY_MON_SIZE)
    return tuple(_decode_member(raw[start : start + ram.PARTY_MON_SIZE]) for start in starts)


def _decode_member(raw: bytes) -> PartyMember:
    return PartyMember(
        species=raw[0],
        hp=ram.big_endian(raw[1:3]),
        status=raw[4],
        moves=(raw[8], raw[9], raw[10], raw[11]),
        level=raw[33],  # the byte at +3 is the level when last boxed
        max_hp=ram.big_endian(raw[34:36]),
    )


@lru_cache(maxsize=256)
def _decode_bag(raw: bytes) -> tuple[tuple[int, int], ...]:
    count = min(raw[0], 20)
    return tuple(zip(raw[1 : 1 + 2 * count : 2], raw[2 : 2 + 2 * count : 2], strict=True))
