"""The observing side of an environment: what an agent gets to see of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from gymnasium import spaces

from pokered_env.emulation.actions import Button, heeded_mask
from pokered_env.emulation.emulator import Emulator
from pokered_env.game.game_state import GameState
from pokered_env.game.rom import Rom
from pokered_env.game.screen_text import TextReader
from pokered_env.task import observation
from pokered_env.task.exploration import Exploration
from pokered_env.task.extras import Extras
from pokered_env.task.info import StepInfo, describe
from pokered_env.task.observation import Observation
from pokered_env.task.progress import EpisodeProgress


class Observer:
    """Makes the observations and infos of one environment.

    Args:
        emulator: The machine.
        rom: The game on it.
        extras: The observations beside the four that are frozen.
        masked_buttons: The buttons of ``info["action_mask"]``; none for no such mask.
    """

    def __init__(
        self,
        emulator: Emulator,
        rom: Rom,
        extras: Extras,
        masked_buttons: Sequence[Button],
    ) -> None:
        self._profile, self._extras, self._masked_buttons = rom.profile, extras, masked_buttons
        self._text = TextReader(emulator, rom.glyphs)
        self._screen = emulator.screen
        self._encoder: observation.Encoder

    def begin(self, exploration: Exploration) -> None:
        """Observe another episode from now on.

        Args:
            exploration: Its tiles stood on, the current one included.
        """
        self._encoder = observation.Encoder(self._screen, exploration)

    def space(self) -> spaces.Dict:
        """Return the space of the observations, with a random generator of its own."""
        frozen = deepcopy(observation.OBSERVATION_SPACE.spaces)
        return spaces.Dict({**frozen, **self._extras.spaces()})

    def new_observation(self) -> Observation:
        """Return an observation of arbitrary content to be written to, owned by the caller."""
        out = observation.new_observation()
        self._extras.add_new(out)
        return out

    def observe(
        self,
        state: GameState,
        progress: EpisodeProgress,
        terms: dict[str, float],
        new_flags: list[int],
        assists: tuple[str, ...],
        frames: int,
        out: Observation,
    ) -> StepInfo:
        """Write the observation of now and return its info.

        Args:
            state: The game now.
            progress: What the episode has reached; its last text is brought up to date.
            terms: The weighted reward terms of the step.
            new_flags: Event flags first set in the step.
            assists: Names of the assists in use.
            frames: Frames the step took.
            out: Written to.
        """
        shown = self._text.read()
        self._encoder.encode(state, shown, out)
        self._extras.encode(state, progress, out)
        text = str(shown)
        progress.last_text = text or progress.last_text
        info = describe(state, self._profile, progress, text, terms, new_flags)
        info["assists"], info["frames"] = assists, frames
        if self._masked_buttons:
            info["action_mask"] = heeded_mask(self._masked_buttons, state.joy_ignore)
        return info
