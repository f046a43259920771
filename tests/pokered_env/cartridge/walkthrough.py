"""The way through the game, from the first room to the ending: scenes in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from player import Player

REED_GRASS = ((9, 29), (2, 29), (5, 31))


@dataclass(frozen=True)
class Gate:
    """Something that must be refused before a flag and admitted after it."""

    flag: str
    map_name: str
    x: int
    y: int


GATES = (
    Gate("GOT_LANTERN", "REED_PATH", 9, 33),
    Gate("GOT_HALL_PASS", "HALL_OF_MOSS", 4, 12),
    Gate("WOOD_GATE_OPEN", "GLOAM_WOOD", 0, 6),
    Gate("ROCKFALL_CLEARED", "QUARRY_ROAD", 15, 10),
    Gate("LEVER_1", "QUARRY", 10, 12),
    Gate("LEVER_2", "QUARRY", 18, 14),
    Gate("BEACON_GATE_OPEN", "HALL_OF_TIDE", 5, 8),
    Gate("BEACON_LIT", "MILLBROOK", 2, 10),
)


class Walkthrough:
    """Plays the scenes with one player."""

    def __init__(self, player: Player) -> None:
        self.player = player

    def rest(self) -> None:
        """Go to the nearest hearth."""
        self.player.talk("HEARTH", "rosa")

    def scenes(self) -> Iterator[str]:
        """Play scene after scene; yields the name of each when it is over."""
        for scene in (
            self.lodge,
            self.letter,
            self.reeds,
            self.millbrook,
            self.hall_of_moss,
            self.wood,
            self.quarry_road,
            self.quarry,
            self.saltmere,
            self.tower,
        ):
            scene()
            yield scene.__name__

    def lodge(self) -> None:
        player = self.player
        player.talk("HOME", "bram")
        player.talk("LODGE", "lamp_glow")
        player.talk("LODGE", "bram")

    def letter(self) -> None:
        self.player.talk("HOME", "nell")

    def reeds(self) -> None:
        player = self.player
        player.train(8, "REED_PATH", (2, 31), (5, 31), self.rest)
        player.talk("REED_PATH", "pip")
        self.rest()
        player.talk("REED_PATH", "wyn")
        player.talk("REED_PATH", "cartographer")

    def millbrook(self) -> None:
        player = self.player
        player.talk("MILLBROOK", "tam")
        player.talk("MILLBROOK", "guard")
        self.rest()

    def hall_of_moss(self) -> None:
        player = self.player
        player.talk("HALL_OF_MOSS", "fern")
        player.talk("HALL_OF_MOSS", "moth")
        player.train(12, "REED_PATH", (6, 8), (10, 8), self.rest)
        self.rest()
        player.talk("HALL_OF_MOSS", "ivy")

    def wood(self) -> None:
        player = self.player
        self.buy_salve()
        player.use("MILLBROOK", 22, 12)
        self.rest()
        for name in ("moss_scout", "wood_reeder", "wood_scout"):
            player.talk("GLOAM_WOOD", name)
        player.talk("GLOAM_WOOD", "hob")

    def buy_salve(self) -> None:
        """Pick up the one that lies on the reed path."""
        self.player.talk("REED_PATH", "salve")

    def quarry_road(self) -> None:
        player = self.player
        player.talk("QUARRY_ROAD", "road_miner")
        player.use("QUARRY_ROAD", 13, 10)
        player.train(17, "QUARRY_ROAD", (15, 13), (18, 13), self.rest)

    def quarry(self) -> None:
        player = self.player
        player.use("QUARRY", 8, 3)
        player.use("QUARRY", 20, 3)
        player.talk("QUARRY", "foreman")

    def saltmere(self) -> None:
        player = self.player
        player.talk("QUARRY_ROAD", "road_reeder")
        self.rest()
        player.train(21, "QUARRY_ROAD", (29, 14), (32, 14), self.rest)
        self.rest()
        player.talk("HALL_OF_TIDE", "diver")
        self.rest()
        player.talk("HALL_OF_TIDE", "roe")
        self.rest()
        player.use("SALTMERE", 18, 7)

    def tower(self) -> None:
        player = self.player
        player.train(24, "QUARRY_ROAD", (29, 14), (32, 14), self.rest)
        self.rest()
        player.talk("HALL_OF_TIDE", "sol")
        player.use("HALL_OF_TIDE", 5, 2)
