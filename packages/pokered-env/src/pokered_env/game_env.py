"""The machine of an environment and the episode played on it: read, saved, copied, closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from pokered_env.emulation import rendering
from pokered_env.emulation.actions import Button, heeded_mask
from pokered_env.emulation.emulator import PYBOY_VERSION, Emulator
from pokered_env.emulation.seeding import seed_game
from pokered_env.errors import ClosedError, ResetNeededError, StateError, StateMismatchError
from pokered_env.game.game_state import GameReader, GameState
from pokered_env.game.rom import Rom
from pokered_env.game.rom_profile import RomProfile
from pokered_env.registration import with_step_limit
from pokered_env.task.exploration import Exploration
from pokered_env.task.goals import GoalTest, reached_at_start
from pokered_env.task.observer import Observer
from pokered_env.task.progress import EpisodeProgress
from pokered_env.task.rewards import REWARD_TERMS
from pokered_env.task.snapshot import Snapshot
from pokered_env.task.user_terms import UserTerms

# what a copy keeps beside its arguments and the episode
_REPLACEABLE = ("start_states", "observation_space", "action_space", "_np_random", "_assists")


class GameEnv(gym.Env[Any, Any]):
    """What `PokeRedEnv` is between two steps.

    Attributes:
        arguments: The arguments it was made with.
        buttons: The button of every action.
        is_over: Whether `reset` is due: no episode has begun, or it has ended.
        rom: The cartridge.
    """

    arguments: Mapping[str, Any]
    buttons: tuple[Button, ...]
    rom: Rom
    is_over = True
    _emulator: Emulator | None = None
    _progress: EpisodeProgress | None = None
    _spec: EnvSpec | None = None
    _assists: tuple[str, ...] = ()
    _state: GameState
    _last_action: int
    _game: GameReader
    _observer: Observer
    _goal: GoalTest
    _profile: RomProfile
    _user_terms: UserTerms
    _terms: dict[str, float]
    _max_steps: float

    @property
    def emulator(self) -> Emulator:
        """The machine. Using it directly is no honest play: declare an assist."""
        if self._emulator is None:
            raise ClosedError("The environment has been closed. Make a new one.")
        return self._emulator

    @property
    def game_state(self) -> GameState:
        """The game now."""
        if self._progress is None:
            raise ResetNeededError("Call reset() first.")
        return self._state

    @property
    def progress(self) -> EpisodeProgress:
        """What the episode has reached."""
        if self._progress is None:
            raise ResetNeededError("Call reset() first.")
        return self._progress

    @property
    def spec(self) -> EnvSpec | None:
        """How `gym.make` made it, with the step limit it has."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = with_step_limit(spec, self._max_steps)

    @property
    def built_in_reward(self) -> float:
        """The last step's reward without the terms of ``reward_terms``."""
        return float(sum(self._terms[name] for name in REWARD_TERMS))

    def declare_assist(self, name: str) -> None:
        """Have ``info["assists"]`` say from now on that the agent is helped by ``name``."""
        self._assists = tuple(sorted({*self._assists, name}))

    def action_masks(self) -> NDArray[np.bool_]:
        """Tell for every action whether the game heeds its button now, as sb3-contrib asks for it.

        Returns:
            ``(num_actions,)``, never all False.

        Raises:
            ResetNeededError: No episode has begun.
        """
        return heeded_mask(self.buttons, self.game_state.joy_ignore).astype(np.bool_)

    def render(self) -> NDArray[np.uint8] | str | None:
        """Return the LCD, ``(144, 160, 3)``, or a drawing of it in characters, by ``render_mode``.

        With ``"human"``, PyBoy's own window shows it all the time.
        """
        last_text = self.progress.last_text
        if self.render_mode == "rgb_array":
            return rendering.rgb_array(self.emulator.screen)
        if self.render_mode == "ansi":
            return rendering.ansi(self.emulator.screen, last_text)
        return None

    def save(self) -> bytes:
        """Keep the emulator, the episode so far and the random numbers; ``load`` brings them back.

        Raises:
            ResetNeededError: No episode has begun.
        """
        snapshot = Snapshot(
            progress=self.progress.to_json(),
            emulator=self.emulator.save_state(),
            np_random=self.np_random,
            is_over=self.is_over,
            last_action=self._last_action,
        )
        return snapshot.to_bytes(self.rom.sha1, PYBOY_VERSION)

    def load(self, saved: bytes) -> None:
        """Go back to what ``save`` kept, in this or another environment with the same arguments.

        What is refused leaves the episode as it was.

        Raises:
            StateFormatError: The bytes are no snapshot, or damaged.
            StateMismatchError: They are of another ROM, PyBoy or format, or of an environment with
                more actions.
        """
        self.prepare_load(saved)()

    def prepare_load(self, saved: bytes) -> Callable[[], None]:
        """Look at what ``load`` is to go back to; return what goes there and cannot fail.

        Raises:
            StateError: As ``load`` does.
        """
        snapshot = Snapshot.from_bytes(saved, self.rom.sha1, PYBOY_VERSION)
        if snapshot.last_action >= len(self.buttons):
            raise StateMismatchError(
                f"The snapshot's last action is {snapshot.last_action}, but here there are "
                f"{len(self.buttons)}. Load it with the action_set= it was made with."
            )
        progress = snapshot.restore_progress(Exploration(self._profile.maps))
        emulator = self.emulator
        emulator.check_state(snapshot.emulator)

        def go() -> None:
            emulator.load_state(snapshot.emulator)
            self.np_random = snapshot.np_random
            self._go_on(progress, snapshot.is_over, snapshot.last_action)

        return go

    def close(self) -> None:
        """Switch the machine off. May be called again; nothing is written."""
        if self._emulator is not None:
            self._emulator.close()
            self._emulator = None

    def __getstate__(self) -> dict[str, Any]:
        saved = None if self._progress is None or self._emulator is None else self.save()
        return {
            "arguments": {**self.arguments, "reward_terms": self._user_terms},
            "saved": saved,
            "is_closed": self._emulator is None,
            "attributes": {name: getattr(self, name) for name in _REPLACEABLE},
            "spec": self.spec,
            "np_random_seed": self._np_random_seed,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        terms = state["arguments"]["reward_terms"].given
        self.__init__(**{**state["arguments"], "reward_terms": terms})  # type: ignore[misc]
        vars(self).update(state["attributes"])
        if state["saved"] is not None:
            self.load(state["saved"])
        self.spec, self._np_random_seed = state["spec"], state["np_random_seed"]
        if state["is_closed"]:
            self.close()

    @contextmanager
    def _as_it_was_if_refused(self) -> Iterator[None]:
        """Have a start that is refused change neither random numbers nor a running episode."""
        numbers = deepcopy(self._np_random), self._np_random_seed
        # saving costs more than a reset, and only a goal of the user's refuses what was loaded
        may_be_refused = not self.is_over and self.arguments["goal"] is not None
        running = self.emulator.save_state() if may_be_refused else None
        try:
            yield
        except BaseException as error:
            self._np_random, self._np_random_seed = numbers
            if running is not None:
                self.emulator.load_state(running)
            elif not isinstance(error, StateError):  # that has touched nothing
                self.is_over = True
            raise

    def _begin(self, label: str, start: bytes) -> EpisodeProgress:
        self.emulator.load_state(start)
        loaded = self._game.read()  # before frames pass: what happens in those is the episode's
        seed_game(self.emulator, self.np_random, self._profile.max_seed_noop_frames)
        progress = EpisodeProgress(
            self._game.read(), Exploration(self._profile.maps), label, self._profile.ending_flag
        )
        if self._goal(progress, loaded):
            raise reached_at_start(self.arguments["goal"], label)
        return progress

    def _go_on(self, progress: EpisodeProgress, is_over: bool, last_action: int) -> None:
        """Play on from where the emulator is now."""
        self._state, self._progress = self._game.read(), progress
        self._observer.begin(progress.exploration)
        self.is_over, self._last_action = is_over, last_action
