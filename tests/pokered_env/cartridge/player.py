"""Someone who plays the cartridge with buttons only, reading memory to decide which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from atlas import STEPS, Atlas, Situation, Spot

TILE_CURSOR, TILE_BOX_CORNER = 0xED, 0x79
LEFT_COLUMN, RIGHT_COLUMN = 5, 12  # of the battle menu's cursor
MOVE_COLUMN, MOVE_ROW = 5, 13
LETTER_F, LETTER_C = 0x85, 0x82
PATIENCE = 400  # presses without progress before something is wrong


class Buttons(Protocol):
    """What a player needs of a console."""

    def press(self, button: str) -> None: ...

    def read(self, address: int, size: int) -> bytes: ...


class StuckError(AssertionError):
    """The player does not get on."""


class Player:
    """Walks, talks and fights.

    Args:
        console: Buttons and memory.
        atlas: Where one can walk.
    """

    def __init__(self, console: Buttons, atlas: Atlas) -> None:
        self.console = console
        self.atlas = atlas
        self.num_battles = 0
        self.on_press: Callable[[], None] = lambda: None

    # ---- seeing ----

    def byte(self, address: int) -> int:
        return self.console.read(address, 1)[0]

    def word(self, address: int) -> int:
        return int.from_bytes(self.console.read(address, 2), "big")

    def flag(self, number: int) -> bool:
        return bool(self.byte(0xD747 + number // 8) >> (number % 8) & 1)

    def has(self, flag: str) -> bool:
        return self.flag(self.atlas.world.tables.flags[flag])

    def spot(self) -> Spot:
        y, x = self.console.read(0xD361, 2)
        return Spot(self.byte(0xD35E), x, y, self.byte(0xD365))

    def tile(self, x: int, y: int) -> int:
        return self.byte(0xC3A0 + 20 * y + x)

    def in_battle(self) -> bool:
        return self.byte(0xD057) != 0

    def window_open(self) -> bool:
        return self.byte(0xFFB0) == 0

    def can_walk(self) -> bool:
        return (
            not self.window_open()
            and not self.in_battle()
            and not self.byte(0xCFC4) & 1
            and self.byte(0xCFC5) == 0
            and self.byte(0xCD38) == 0
            and self.byte(0xCD6B) == 0
            and self.byte(0xFF40) & 0x80 != 0
            and self.byte(0xFF47) == 0xE4
        )

    def person_cells(self) -> dict[int, tuple[int, int]]:
        """Cells where people of the current map stand, by sprite slot."""
        map_ = self.atlas.maps[self.byte(0xD35E)]
        now = self._situation(frozenset())
        cells = {}
        for slot, thing in enumerate(map_.people(), 1):
            if self.atlas.is_visible(map_, thing, now):
                y, x = self.console.read(0xC204 + 16 * slot, 2)
                cells[slot] = (x - 4, y - 4)
        return cells

    def situation(self) -> Situation:
        return self._situation(frozenset(self.person_cells().values()))

    def _situation(self, blocked: frozenset[tuple[int, int]]) -> Situation:
        flags = self.console.read(0xD747, 64)
        toggles = self.console.read(0xD5A6, 32)
        return Situation(
            lambda n: bool(flags[n // 8] >> (n % 8) & 1),
            lambda n: bool(toggles[n // 8] >> (n % 8) & 1),
            blocked,
            self.byte(0xD35E),
        )

    # ---- pressing ----

    def press(self, button: str) -> None:
        self.console.press(button)
        self.on_press()

    def settle(self) -> None:
        """Read on, fight on, until one can walk."""
        for _ in range(PATIENCE):
            if self.in_battle():
                self.fight()
            elif self.can_walk():
                return
            else:
                self.press("a" if self.window_open() else "b")
        raise StuckError(f"cannot get back to walking at {self.spot()}")

    # ---- walking ----

    def walk_to(self, map_name: str, *cells: tuple[int, int]) -> None:
        """Walk to one of some cells of a map, fighting whatever comes."""
        map_id = self.atlas.map_id(map_name)
        goals = [Spot(map_id, x, y, 0) for x, y in cells]
        wanted = {(goal.map_id, goal.x, goal.y) for goal in goals}
        for _ in range(2 * PATIENCE):
            self.settle()
            here = self.spot()
            if (here.map_id, here.x, here.y) in wanted:
                return
            path = self.atlas.path(here, goals, self.situation())
            if path is None:
                self.press("b")  # somebody may stand in the way
                continue
            self._follow(path)
        raise StuckError(f"cannot walk to {map_name} {cells} from {self.spot()}")

    def free_direction(self) -> str:
        """A direction in which one can walk from here."""
        here = self.spot()
        people = self.situation().blocked
        for direction, (dx, dy) in STEPS.items():
            is_free = (here.x + dx, here.y + dy) not in people
            if is_free and self.neighbour_kind(direction) == "walk":
                return direction
        raise StuckError(f"no way out of {here}")

    def neighbour_kind(self, direction: str) -> str:
        """Kind of the cell next to the player."""
        here, (dx, dy) = self.spot(), STEPS[direction]
        map_ = self.atlas.maps[here.map_id]
        if not (0 <= here.x + dx < map_.width and 0 <= here.y + dy < map_.height):
            return "outside"
        return self.atlas.kind(here.map_id, here.x + dx, here.y + dy, self.flag)

    def cells(self, map_name: str, kind: str) -> list[tuple[int, int]]:
        """Cells of the signs, triggers, hidden items... of a map."""
        return [(thing.x, thing.y) for thing in self.atlas.world.maps[map_name].of_kind(kind)]

    def floor(self, map_name: str) -> list[tuple[int, int]]:
        """Plain floor of a map one can walk to, without warps and triggers."""
        return self._reachable_cells(map_name, "walk")

    def grass(self, map_name: str) -> list[tuple[int, int]]:
        """Tall grass of a map one can walk to."""
        return self._reachable_cells(map_name, "grass")

    def _reachable_cells(self, map_name: str, kind: str) -> list[tuple[int, int]]:
        map_ = self.atlas.world.maps[map_name]
        special = {(spot.x, spot.y) for spot in (*map_.warps, *map_.of_kind("trigger"))}
        cells = {
            (x, y)
            for map_id, x, y in self.atlas.reachable(self.spot(), self.situation())
            if map_id == map_.identity
        }
        kinds = self.atlas.kinds(map_.identity, self.flag)
        return [(x, y) for x, y in sorted(cells - special) if kinds[y][x] == kind]

    def _follow(self, path: list[str]) -> None:
        for direction in path:
            before = self.spot()
            self.press(direction)
            if not self.can_walk() or self.spot() == before:
                return

    # ---- talking ----

    def talk(self, map_name: str, name: str) -> None:
        """Go to somebody, speak, and read to the end (saying yes)."""
        slot, thing = self.atlas.thing(map_name, name)
        for _ in range(PATIENCE):
            self.settle()
            is_here = self.spot().map_id == self.atlas.map_id(map_name)
            x, y = self.person_cells()[slot] if is_here else (thing.x, thing.y)
            if self._use(map_name, x, y):
                self.settle()
                return
        raise StuckError(f"cannot speak to {name} in {map_name}")

    def use(self, map_name: str, x: int, y: int) -> None:
        """Press A in front of a cell (a sign, a lever, a hidden item) and read to the end."""
        self.begin_use(map_name, x, y)
        self.settle()

    def begin_use(self, map_name: str, x: int, y: int) -> None:
        """Press A in front of a cell."""
        for _ in range(PATIENCE):
            if self._use(map_name, x, y):
                return
        raise StuckError(f"nothing happens at {map_name} ({x}, {y})")

    def _use(self, map_name: str, x: int, y: int) -> bool:
        beside = {}
        map_ = self.atlas.world.maps[map_name]
        for direction, (dx, dy) in STEPS.items():
            there = (x - dx, y - dy)
            if self._is_counter(map_.identity, *there):
                there = (x - 2 * dx, y - 2 * dy)
            beside[there] = direction
        here = self.spot()
        if here.map_id != map_.identity or (here.x, here.y) not in beside:
            goals = [Spot(map_.identity, *cell, 0) for cell in beside]
            path = self.atlas.path(here, goals, self.situation())
            if path is None:
                self.press("b")
                return False
            self._follow(path[:1] if len(path) < 4 else path[:-2])
            self.settle()
            return False
        self._face(beside[here.x, here.y])
        if not self.can_walk() or self.spot() != here:
            self.settle()
            return False
        self.press("a")
        return self.window_open() or self.in_battle() or not self.can_walk()

    def _is_counter(self, map_id: int, x: int, y: int) -> bool:
        map_ = self.atlas.maps[map_id]
        if not (0 <= x < map_.width and 0 <= y < map_.height):
            return False
        return self.atlas.kind(map_id, x, y, self.flag) == "counter"

    def _face(self, direction: str) -> None:
        facing = {"down": 0, "up": 4, "left": 8, "right": 12}[direction]
        if self.byte(0xC109) != facing:
            self.press(direction)

    # ---- fighting ----

    def fight(self) -> None:
        """Fight a battle to its end with the best moves."""
        self.num_battles += 1
        for _ in range(PATIENCE):
            if not self.in_battle():
                return
            if self.at_battle_menu():
                self.choose_move(self.best_move())
            elif self._at_party():
                self._send_next()
            else:
                self.press("a")
        raise StuckError("the battle does not end")

    def read_to_battle_menu(self) -> None:
        """Press A until a turn's menu is open."""
        for _ in range(PATIENCE):
            if self.at_battle_menu():
                return
            self.press("a")
        raise StuckError("no battle menu comes")

    def at_battle_menu(self) -> bool:
        at_menu = any(
            self.tile(x, y) == TILE_CURSOR for x in (LEFT_COLUMN, RIGHT_COLUMN) for y in (14, 16)
        )
        return at_menu and self.tile(6, 14) == LETTER_F

    def _at_moves(self) -> bool:
        return self.tile(4, 12) == TILE_BOX_CORNER and any(
            self.tile(MOVE_COLUMN, MOVE_ROW + i) == TILE_CURSOR for i in range(4)
        )

    def _at_party(self) -> bool:
        is_party = self.tile(0, 14) == TILE_BOX_CORNER and self.tile(1, 16) == LETTER_C
        return is_party and any(self.tile(0, 2 * i) == TILE_CURSOR for i in range(6))

    def choose_move(self, slot: int) -> None:
        """From the battle menu: fight with the move in a slot."""
        if TILE_CURSOR in (self.tile(RIGHT_COLUMN, 14), self.tile(RIGHT_COLUMN, 16)):
            self.press("left")
        if self.tile(LEFT_COLUMN, 16) == TILE_CURSOR:
            self.press("up")
        self.press("a")
        for _ in range(8):
            if self._at_moves():
                self._choose_row(slot, lambda: self.byte(0xCC26))
                self.press("a")
                return
            self.press("a")

    def _send_next(self) -> None:
        able = [i for i in range(self.byte(0xD163)) if self.word(0xD16C + 44 * i)]
        self._choose_row(able[0], lambda: self.byte(0xCC26))
        self.press("a")

    def _choose_row(self, row: int, current: Callable[[], int]) -> None:
        for _ in range(12):
            if current() == row:
                return
            self.press("down" if current() < row else "up")
        raise StuckError(f"the cursor does not come to row {row}")

    def best_move(self) -> int:
        """Slot of the move that should do most damage."""
        tables = self.atlas.world.tables
        moves = self.console.read(0xD01C, 4)
        points = self.console.read(0xD02D, 4)
        own_types, foe_types = self.console.read(0xD019, 2), set(self.console.read(0xCFEA, 2))
        scores = []
        for number, left in zip(moves, points, strict=True):
            if not number or not left & 0x3F:
                scores.append(-1.0)
                continue
            power, kind = tables.move_powers[number], tables.move_types[number]
            score = power * (1.5 if kind in own_types else 1.0)
            for attacker, defender, tenths in tables.type_chart:
                if attacker == kind and defender in foe_types:
                    score *= tenths / 10
            scores.append(score)
        return scores.index(max(scores))

    # ---- caring ----

    def level(self) -> int:
        return max(self.byte(0xD18C + 44 * i) for i in range(self.byte(0xD163)))

    def weak(self) -> bool:
        hp, most = self.word(0xD16C), self.word(0xD18D)
        points = [
            self.byte(0xD188 + i) & 0x3F
            for i in range(4)
            if self.atlas.world.tables.move_powers[self.byte(0xD173 + i)]
        ]
        return hp * 10 < most * 4 or sum(points) < 8

    def train(
        self,
        level: int,
        map_name: str,
        a: tuple[int, int],
        b: tuple[int, int],
        rest: Callable[[], None],
    ) -> None:
        """Walk to and fro until the best mote has a level, resting when weak."""
        while self.level() < level:
            for cell in (a, b):
                self.walk_to(map_name, cell)
                if self.weak():
                    rest()
