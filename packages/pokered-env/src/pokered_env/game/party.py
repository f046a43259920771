"""The members of the party."""

from __future__ import annotations

from dataclasses import dataclass

from pokered_env.game import ram


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


def decode_party(species: bytes, raw: bytes) -> tuple[PartyMember, ...]:
    """Decode the members that exist.

    The count goes up before a new member is written, and what lies there until then is zeros or
    somebody who has left: a member is one whose struct says what the list of species says, and
    who can have hit points.

    Args:
        species: The list of species, one of each member that is counted.
        raw: The members' structs, 44 bytes each.
    """
    starts = range(0, len(species) * ram.PARTY_MON_SIZE, ram.PARTY_MON_SIZE)
    members = (_decode_member(raw[start : start + ram.PARTY_MON_SIZE]) for start in starts)
    return tuple(
        member
        for member, listed in zip(members, species, strict=True)
        if member.species == listed and member.max_hp
    )


def _decode_member(raw: bytes) -> PartyMember:
    return PartyMember(
        species=raw[0],
        hp=ram.big_endian(raw[1:3]),
        status=raw[4],
        moves=(raw[8], raw[9], raw[10], raw[11]),
        level=raw[33],  # the byte at +3 is the level when last boxed
        max_hp=ram.big_endian(raw[34:36]),
    )
