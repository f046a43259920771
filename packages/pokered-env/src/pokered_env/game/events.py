"""Event flags with their names."""

from __future__ import annotations

from collections.abc import Mapping

from pokered_env.game import ram

NUM_EVENT_BYTES = ram.EVENT_FLAGS.size


class EventTable:
    """The named event flags of a game.

    Args:
        flags: Flag number by name; flag n is bit n % 8 of byte n // 8.
    """

    def __init__(self, flags: Mapping[str, int]) -> None:
        self.flags = dict(flags)
        self._names = {flag: name for name, flag in self.flags.items()}

    def name(self, flag: int) -> str:
        """Return the flag's name; ``EVENT_<number>`` for an unnamed one."""
        return self._names.get(flag, f"EVENT_{flag}")

    def names(self, events: bytes) -> tuple[str, ...]:
        """Name every flag that is set in ``events`` (320 bytes), in order of their numbers."""
        return tuple(self.name(flag) for flag in ram.set_bits(events))


def first_set(now: bytes, before: bytes) -> list[int]:
    """Return the numbers of the flags set in ``now`` and not in ``before``, in order."""
    if now == before:
        return []
    new = int.from_bytes(now, "little") & ~int.from_bytes(before, "little")
    return ram.set_bits(new.to_bytes(len(now), "little"))


def union(now: bytes, before: bytes) -> bytes:
    """Return the flags set in either."""
    if now == before:
        return before
    both = int.from_bytes(now, "little") | int.from_bytes(before, "little")
    return both.to_bytes(len(now), "little")


def common(now: bytes, before: bytes) -> bytes:
    """Return the flags set in both."""
    if now == before:
        return before
    both = int.from_bytes(now, "little") & int.from_bytes(before, "little")
    return both.to_bytes(len(now), "little")
