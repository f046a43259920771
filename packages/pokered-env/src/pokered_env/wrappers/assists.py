"""Help for agents, named in ``info["assists"]`` so that results can be compared honestly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from pokered_env.emulation.emulator import Emulator
from pokered_env.game import ram
from pokered_env.wrappers.game import game_of


class Assist(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs, ABC):
    """Changes the game's memory after every reset and step, before the next action.

    What an observation shows, it shows as it was before the change. Subclasses give `name` and
    `apply`.

    Args:
        env: A Pokémon Red environment, wrapped or not.

    Raises:
        ConfigError: It is another one.
    """

    name: ClassVar[str]

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._base = game_of(env, type(self).__name__)
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        self._base.declare_assist(self.name)

    @abstractmethod
    def apply(self, emulator: Emulator) -> None:
        """Change the memory."""

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, and help."""
        result = self.env.reset(**kwargs)
        self.apply(self._base.emulator)
        return result

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and help."""
        result = self.env.step(action)
        self.apply(self._base.emulator)
        return result


class FastText(Assist):
    """Prints text at once and leaves out the animations of battles: fewer steps for every text."""

    name = "fast_text"

    def apply(self, emulator: Emulator) -> None:
        """Set the game's own options."""
        options = emulator.read_byte(ram.OPTIONS.address)
        emulator.write(ram.OPTIONS.address, options & 0x40 | 0x81)


class InfiniteMoney(Assist):
    """Keeps the player rich."""

    name = "infinite_money"

    def apply(self, emulator: Emulator) -> None:
        """Set the money to 999,999."""
        for i in range(ram.MONEY.size):
            emulator.write(ram.MONEY.address + i, 0x99)


class InfiniteHealth(Assist):
    """Heals the party after every step; in battle the one who fights is not healed."""

    name = "infinite_health"

    def apply(self, emulator: Emulator) -> None:
        """Set everybody's hit points to their maximum."""
        for slot in range(min(emulator.read_byte(ram.PARTY_COUNT.address), ram.PARTY_SIZE)):
            start = ram.PARTY_MONS.address + slot * ram.PARTY_MON_SIZE
            for i, byte in enumerate(emulator.read(start + ram.MON_MAX_HP, 2)):
                emulator.write(start + ram.MON_HP + i, byte)


class NoWildBattles(Assist):
    """Lets no wild creature meet the player on land, a map's first step apart."""

    name = "no_wild_battles"

    def apply(self, emulator: Emulator) -> None:
        """Set the map's rate of encounters to none."""
        emulator.write(ram.GRASS_RATE.address, 0)
