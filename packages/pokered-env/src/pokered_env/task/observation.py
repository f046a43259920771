"""The four observations: their spaces, what each number means, and how they are made.

| key | space | content |
|---|---|---|
| `screen` | `Box(0, 255, (72, 80, 1), uint8)` | the LCD, every second pixel, 4 grey levels |
| `visited_mask` | `Box(0, 255, (72, 80, 1), uint8)` | 255 where a map tile has been stood on |
| `text` | `Box(0, 255, (200,), uint8)` | character ids of the text on the screen, padded with 0 |
| `state` | `Box(0, 1, (335,), float32)` | the numbers of `STATE_LAYOUT` |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypedDict

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from pokered_env.errors import ConfigError
from pokered_env.game.events import NUM_EVENT_BYTES
from pokered_env.game.game_state import GameState
from pokered_env.game.party import PartyMember
from pokered_env.game.ram import PARTY_SIZE
from pokered_env.game.text import PADDING, TEXT_LENGTH, ScreenText
from pokered_env.task.exploration import Exploration

IMAGE_SHAPE = (72, 80, 1)


@dataclass(frozen=True, slots=True)
class StateField:
    """One named stretch of the ``state`` vector.

    Attributes:
        name: Its name.
        start: Index of its first number.
        size: How many numbers.
        scale: What a number is multiplied with to get the quantity back.
        unit: The quantity's unit.
        symbol: RAM symbol it comes from.
        description: What it says.
    """

    name: str
    start: int
    size: int
    scale: float
    unit: str
    symbol: str
    description: str

    @property
    def span(self) -> slice:
        """The field's place in the vector."""
        return slice(self.start, self.start + self.size)


STATE_LAYOUT: tuple[StateField, ...] = (
    StateField("map_id", 0, 1, 255, "map id", "wCurMap", "current map"),
    StateField(
        "direction",
        1,
        1,
        3,
        "0 down, 1 up, 2 left, 3 right",
        "wSpritePlayerStateData1FacingDirection",
        "where the player looks",
    ),
    StateField(
        "in_battle",
        2,
        1,
        2,
        "0 none, 1 wild, 2 trainer",
        "wIsInBattle",
        "kind of battle; a lost battle being wound up counts as none",
    ),
    StateField(
        "party_hp",
        3,
        PARTY_SIZE,
        1,
        "share of the maximum",
        "wPartyMon1HP / wPartyMon1MaxHP …",
        "hit points of the party; 0 for an empty slot",
    ),
    StateField(
        "party_level",
        3 + PARTY_SIZE,
        PARTY_SIZE,
        100,
        "level",
        "wPartyMon1Level …",
        "levels of the party; 0 for an empty slot",
    ),
    StateField(
        "events",
        3 + 2 * PARTY_SIZE,
        NUM_EVENT_BYTES,
        255,
        "8 flags, lowest bit first",
        "wEventFlags",
        "the bytes of event flags",
    ),
)
"""The fields of the ``state`` vector, in order."""

STATE_SIZE = STATE_LAYOUT[-1].span.stop

OBSERVATION_SPACE = spaces.Dict(
    {
        "screen": spaces.Box(0, 255, IMAGE_SHAPE, np.uint8),
        "visited_mask": spaces.Box(0, 255, IMAGE_SHAPE, np.uint8),
        "text": spaces.Box(0, 255, (TEXT_LENGTH,), np.uint8),
        "state": spaces.Box(0.0, 1.0, (STATE_SIZE,), np.float32),
    }
)

MODALITIES = {"visited_mask": "mask/8", "text": "tokens"}
"""What the spaces alone do not tell an agent; the mask is drawn in squares of 8 pixels."""


def vector_fields() -> dict[str, list[dict[str, str | int | float]]]:
    """Return the fields of ``state`` as builtins, for agents that know nothing of this package."""
    names = ("name", "start", "size", "scale", "unit")
    return {"state": [{name: getattr(field, name) for name in names} for field in STATE_LAYOUT]}


class Observation(TypedDict):
    """One observation (or, with a leading axis, a batch of them)."""

    screen: NDArray[np.uint8]
    visited_mask: NDArray[np.uint8]
    text: NDArray[np.uint8]
    state: NDArray[np.float32]


def new_observation() -> Observation:
    """Return an observation of arbitrary content to be written to, owned by the caller."""
    return {
        "screen": np.empty(IMAGE_SHAPE, np.uint8),
        "visited_mask": np.empty(IMAGE_SHAPE, np.uint8),
        "text": np.empty(TEXT_LENGTH, np.uint8),
        "state": np.empty(STATE_SIZE, np.float32),
    }


class Encoder:
    """Writes the observations of one environment; what has not changed is copied, not made anew.

    Args:
        lcd: The screen, ``(144, 160, 4)``, drawn into all the time; grey, so one colour channel
            says all.
        exploration: Tiles stood on, the current one included.
    """

    def __init__(self, lcd: NDArray[np.uint8], exploration: Exploration) -> None:
        # every second pixel, not their mean: keeps the four grey levels, so two bits suffice.
        # As numbers of two pixels each, whose lowest byte is taken: twice as fast to copy.
        self._screen = lcd.reshape(len(lcd), -1)[::2].view("<u8")[..., None]
        self._exploration = exploration
        self._vector = np.zeros(STATE_SIZE, np.float32)
        self._encoded: GameState | None = None

    def encode(self, state: GameState, text: ScreenText, out: Observation) -> None:
        """Write the observation of now.

        Args:
            state: The game.
            text: What is written on the screen.
            out: Written to.
        """
        if state is not self._encoded:
            encode_state(state, self._vector, self._encoded)
            self._encoded = state
        out["screen"][...] = self._screen
        self._exploration.draw_mask(state, out["visited_mask"])
        out["text"][...] = _text_numbers(text.ids)
        out["state"][...] = self._vector


@lru_cache(maxsize=1024)
def _text_numbers(ids: bytes) -> NDArray[np.uint8]:
    window = ScreenText(ids).window
    return np.frombuffer(window.ljust(TEXT_LENGTH, bytes([PADDING])), np.uint8)


def encode_state(
    state: GameState, out: NDArray[np.float32], encoded: GameState | None = None
) -> None:
    """Write the numbers of ``STATE_LAYOUT``.

    Args:
        state: The game.
        out: Written to, ``(335,)``, each in [0, 1].
        encoded: The game whose numbers ``out`` already has, if any.
    """
    out[0] = state.map_id / 255
    out[1] = state.direction / 3
    out[2] = state.battle / 2
    if encoded is None or state.party is not encoded.party:
        out[_PARTY_SPAN] = _party_numbers(state.party)
    if encoded is None or state.events is not encoded.events:
        out[_EVENTS_START:] = np.frombuffer(state.events, np.uint8) / np.float32(255)


def _party_numbers(party: tuple[PartyMember, ...]) -> NDArray[np.float32]:
    numbers = np.zeros((2, PARTY_SIZE), np.float32)
    numbers[0, : len(party)] = [member.hp_fraction for member in party]
    numbers[1, : len(party)] = [min(member.level / 100, 1.0) for member in party]
    return numbers.ravel()


def decode_state(vector: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Turn a ``state`` vector back into quantities.

    Args:
        vector: One vector or a batch, ``(..., 335)``.

    Returns:
        For each field of ``STATE_LAYOUT`` an array ``(..., size)`` in the field's unit. Map ids,
        directions, battles, levels and event bytes come back exactly.

    Raises:
        ConfigError: The last axis does not have 335 numbers.
    """
    values = np.asarray(vector, np.float64)
    if values.ndim == 0 or values.shape[-1] != STATE_SIZE:
        raise ConfigError(
            f"A state vector has {STATE_SIZE} numbers in its last axis, this one has shape "
            f"{values.shape}. Pass observation['state']."
        )
    return {field.name: _quantity(values[..., field.span], field.scale) for field in STATE_LAYOUT}


def describe_state_layout() -> str:
    """Return ``STATE_LAYOUT`` as a Markdown table."""
    lines = [
        "| index | field | number × | unit | RAM symbol | content |",
        "|---|---|---|---|---|---|",
    ]
    for f in STATE_LAYOUT:
        index = f"{f.start}" if f.size == 1 else f"{f.start}–{f.span.stop - 1}"
        lines.append(
            f"| {index} | `{f.name}` | {f.scale:g} | {f.unit} | `{f.symbol}` | {f.description} |"
        )
    return "\n".join(lines)


def _quantity(values: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return values * scale if scale == 1 else np.rint(values * scale)


_PARTY_SPAN = slice(STATE_LAYOUT[3].start, STATE_LAYOUT[4].span.stop)
_EVENTS_START = STATE_LAYOUT[-1].start
