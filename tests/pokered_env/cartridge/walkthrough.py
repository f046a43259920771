"""The way through the game, from the first room to the ending: scenes in order."""

from __future__ import annotations

from collections.abc import Iterator

from player import Player, StuckError

MAX_DEFEATS = 6


class Walkthrough:
    """Plays the scenes with one player."""

    def __init__(self, player: Player) -> None:
        self.player = player

    def rest(self) -> None:
        """Go to the nearest hearth."""
        self.player.talk("HEARTH", "rosa")

    def win(self, map_name: str, name: str, flag: str) -> None:
        """Fight somebody until beaten, resting after each defeat."""
        for _ in range(MAX_DEFEATS):
            self.player.talk(map_name, name)
            if self.player.has(flag):
                return
            self.rest()
        raise StuckError(f"{name} wins every time")

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
        player.walk_to("HOME", *player.cells("HOME", "trigger"))
        player.talk("LODGE", "lamp_glow")
        player.talk("LODGE", "bram")

    def letter(self) -> None:
        self.player.talk("HOME", "nell")

    def reeds(self) -> None:
        player = self.player
        player.train(8, "REED_PATH", (2, 31), (5, 31), self.rest)
        self.win("REED_PATH", "pip", "BEAT_SCOUT_PIP")
        self.rest()
        self.win("REED_PATH", "wyn", "BEAT_REEDER_WYN")
        player.talk("REED_PATH", "cartographer")

    def millbrook(self) -> None:
        player = self.player
        player.talk("MILLBROOK", "tam")
        player.talk("MILLBROOK", "guard")
        self.rest()

    def hall_of_moss(self) -> None:
        player = self.player
        self.win("HALL_OF_MOSS", "fern", "BEAT_HALL_FERNA")
        self.win("HALL_OF_MOSS", "moth", "BEAT_HALL_MOTHE")
        player.train(12, "REED_PATH", (6, 8), (10, 8), self.rest)
        self.rest()
        self.win("HALL_OF_MOSS", "ivy", "BEAT_WARDEN_IVY")

    def wood(self) -> None:
        player = self.player
        self.buy_salve()
        player.use("MILLBROOK", 22, 12)
        self.rest()
        self.win("GLOAM_WOOD", "moss_scout", "BEAT_SCOUT_BRI")
        self.win("GLOAM_WOOD", "wood_reeder", "BEAT_REEDER_ALDA")
        self.win("GLOAM_WOOD", "wood_scout", "BEAT_SCOUT_TOLL")
        player.use("GLOAM_WOOD", *player.cells("GLOAM_WOOD", "hidden")[0])
        player.talk("GLOAM_WOOD", "hob")

    def buy_salve(self) -> None:
        """Pick up the one that lies on the reed path."""
        self.player.talk("REED_PATH", "salve")

    def quarry_road(self) -> None:
        player = self.player
        self.win("QUARRY_ROAD", "road_miner", "BEAT_MINER_DUG")
        player.use("QUARRY_ROAD", 13, 10)
        player.train(17, "QUARRY_ROAD", (15, 13), (18, 13), self.rest)

    def quarry(self) -> None:
        player = self.player
        player.use("QUARRY", 8, 3)
        player.use("QUARRY", 20, 3)
        self.win("QUARRY", "foreman", "BEAT_FOREMAN")

    def saltmere(self) -> None:
        player = self.player
        self.win("QUARRY_ROAD", "road_reeder", "BEAT_REEDER_SELA")
        self.rest()
        player.train(21, "QUARRY_ROAD", (29, 14), (32, 14), self.rest)
        self.rest()
        self.win("HALL_OF_TIDE", "diver", "BEAT_DIVER")
        self.rest()
        self.win("HALL_OF_TIDE", "roe", "BEAT_WARDEN_ROE")
        self.rest()
        player.use("SALTMERE", 18, 7)

    def tower(self) -> None:
        player = self.player
        player.train(24, "QUARRY_ROAD", (29, 14), (32, 14), self.rest)
        self.rest()
        self.win("HALL_OF_TIDE", "sol", "BEAT_WARDEN_SOL")
        player.use("HALL_OF_TIDE", 5, 2)
