"""Draw the contact sheet of the documentation: screens of a recorded episode of the open cartridge.

    python contact_sheet.py EPISODE [--out FILE]

The episode should be a whole game. Where a screen needs a menu that the episode never opens, the
buttons are pressed at a fitting moment and the moment is restored, so the episode goes on as kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PIL import Image
from pokered_env import PokeRedEnv
from pokered_env.emulation.actions import Button
from pokered_env.emulation.emulator import Emulator
from pokered_env.game.game_state import Battle
from pokered_env.game.rom import Rom
from pokered_env.recording.episode import Episode, replay

DEFAULT_OUT = Path(__file__).resolve().parents[3] / "docs" / "images" / "open-cartridge.png"
WINDOW_Y = 0xFFB0
WINDOW_HIDDEN = 0x90
TILE_MAP, TILE_MAP_SIZE = 0xC3A0, 360
TILE_CURSOR, TILE_MORE = 0xED, 0xEE
TITLE_FRAMES = 240
COLUMNS, GAP, PAPER = 6, 4, 128
WIDTH, HEIGHT = 160, 144
BLACK = 30  # the darkest grey is at most this, unless the screen fades
HOLD_FRAMES, MENU_FRAMES = 8, 96  # until a menu has opened


class Box(Enum):
    """What is drawn over the map or the battle."""

    NONE = "nothing"
    TEXT = "a text that waits for a button"
    MENU = "a menu"
    OTHER = "a text that is being written"

    @classmethod
    def on(cls, emulator: Emulator) -> Box:
        """Return what the screen shows."""
        if emulator.read(WINDOW_Y, 1)[0] == WINDOW_HIDDEN:
            return cls.NONE
        tiles = emulator.read(TILE_MAP, TILE_MAP_SIZE)
        if TILE_CURSOR in tiles:
            return cls.MENU
        return cls.TEXT if TILE_MORE in tiles else cls.OTHER


@dataclass(frozen=True)
class Moment:
    """When to take a picture.

    Attributes:
        map_name: Where the player is.
        nth: Which of the fitting steps.
        box: What is drawn over the map or the battle.
        battle: Kind of battle.
        presses: Buttons to press before the picture is taken.
    """

    map_name: str
    nth: int
    box: Box = Box.NONE
    battle: Battle = Battle.NONE
    presses: tuple[Button, ...] = ()

    def fits(self, env: PokeRedEnv, map_name: str, box: Box) -> bool:
        """Tell whether the environment is at such a moment."""
        state = env.game_state
        standing = state.walk_counter == 0 or box != Box.NONE
        return (map_name, box, state.battle) == (self.map_name, self.box, self.battle) and standing


START, DOWN, A = Button.START, Button.DOWN, Button.A
TEXT, MENU = Box.TEXT, Box.MENU
WILD, TRAINER = Battle.WILD, Battle.TRAINER
MOMENTS = (
    Moment("HOME", nth=2),
    Moment("HOME", nth=5, box=TEXT),
    Moment("WICKHAM", nth=5),
    Moment("LODGE", nth=4),
    Moment("LODGE", nth=1, box=MENU),
    Moment("REED_PATH", nth=14),
    Moment("REED_PATH", nth=2, box=MENU, battle=WILD),
    Moment("REED_PATH", nth=3, box=Box.OTHER, battle=TRAINER),
    Moment("MILLBROOK", nth=24),
    Moment("MILLBROOK", nth=30, presses=(START,)),
    Moment("MILLBROOK", nth=40, presses=(START, A)),
    Moment("HEARTH", nth=4),
    Moment("HALL_OF_MOSS", nth=12),
    Moment("HALL_OF_MOSS", nth=8, box=TEXT),
    Moment("HALL_OF_MOSS", nth=20, box=MENU, battle=TRAINER),
    Moment("GLOAM_WOOD", nth=9),
    Moment("GLOAM_WOOD", nth=2, box=TEXT),
    Moment("GLOAM_WOOD", nth=25, box=MENU, battle=TRAINER),
    Moment("QUARRY_ROAD", nth=30),
    Moment("QUARRY", nth=12),
    Moment("QUARRY", nth=1, box=MENU),
    Moment("SALTMERE", nth=20),
    Moment("HALL_OF_TIDE", nth=25, box=MENU, battle=TRAINER),
)


class Photographer:
    """Takes the pictures while an episode is replayed."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self._moments = moments
        self._seen = [0] * len(moments)
        self._pictures: dict[int, Image.Image] = {}

    def look(self, env: PokeRedEnv) -> None:
        """Take the pictures that are due."""
        map_name = env.rom.profile.maps.name(env.game_state.map_id)
        box = Box.on(env.emulator)
        for number, moment in enumerate(self._moments):
            if number in self._pictures or not moment.fits(env, map_name, box):
                continue
            self._seen[number] += 1
            if self._seen[number] >= moment.nth and not _is_faded(env.emulator):
                self._pictures[number] = _take(env, moment.presses)

    def pictures(self) -> list[Image.Image]:
        """Return the pictures in the order of their moments.

        Raises:
            ValueError: If the episode had no such moment.
        """
        missing = [moment for i, moment in enumerate(self._moments) if i not in self._pictures]
        if missing:
            raise ValueError(f"The episode has no {missing}. Record a whole game.")
        return [self._pictures[i] for i in range(len(self._moments))]


def _is_faded(emulator: Emulator) -> bool:
    return int(emulator.screen[:, :, 0].min()) > BLACK


def _take(env: PokeRedEnv, presses: Sequence[Button]) -> Image.Image:
    if not presses:
        return _picture(env.emulator)
    moment = env.save()
    for button in presses:
        env.emulator.step(button.key, HOLD_FRAMES, MENU_FRAMES)
    picture = _picture(env.emulator)
    env.load(moment)
    return picture


def _picture(emulator: Emulator) -> Image.Image:
    return Image.fromarray(emulator.screen[:, :, 0].copy())


def title_screen(rom: Rom) -> Image.Image:
    """Return the picture one sees after switching the console on."""
    emulator = Emulator(rom.path)
    try:
        emulator.step(None, 0, TITLE_FRAMES)
        return _picture(emulator)
    finally:
        emulator.close()


def contact_sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return all pictures on one sheet, four greys."""
    rows = -(-len(pictures) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP)
    sheet = Image.new("L", size, PAPER)
    for i, picture in enumerate(pictures):
        row, column = divmod(i, COLUMNS)
        sheet.paste(picture, (GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP)))
    return sheet.quantize(8)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Draw screens of an episode on one sheet.")
    parser.add_argument("episode", type=Path, help="recorded episode of the open cartridge")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    arguments = parser.parse_args()
    photographer = Photographer(MOMENTS)
    rom: list[Rom] = []

    def on_step(env: PokeRedEnv) -> None:
        rom[:] = [env.rom]
        photographer.look(env)

    replay(Episode.load(arguments.episode), on_step=on_step, verify=False)
    pictures = [title_screen(rom[0]), *photographer.pictures()]
    contact_sheet(pictures).save(arguments.out, optimize=True)
    print(f"{arguments.out}: {len(pictures)} screens, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
