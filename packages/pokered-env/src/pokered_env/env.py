"""The environment: wires emulator, game state, observation, rewards and goal together."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from gymnasium import spaces

from pokered_env.arguments import choose, probability, seed_number, step_limit
from pokered_env.emulation.actions import ACTION_SETS, ActionSet, action_number
from pokered_env.emulation.emulator import Emulator
from pokered_env.emulation.listening import listen
from pokered_env.emulation.timing import FRAMES_PER_S, make_timing, perform
from pokered_env.emulation.window import Window
from pokered_env.errors import ConfigError, ResetNeededError
from pokered_env.game.game_state import GameReader
from pokered_env.game.rom import resolve_rom
from pokered_env.game.text import ALPHABET
from pokered_env.game_env import GameEnv
from pokered_env.task import observation
from pokered_env.task.extras import Extras
from pokered_env.task.goals import Goal, make_goal
from pokered_env.task.info import StepInfo
from pokered_env.task.numeric_info import numbers_of
from pokered_env.task.observation import Observation
from pokered_env.task.observer import Observer
from pokered_env.task.progress import EpisodeProgress
from pokered_env.task.rewards import BuiltInTerms, RewardTerm, RewardWeights
from pokered_env.task.start_states import StartStates, State
from pokered_env.task.user_terms import UserTerms

_log = logging.getLogger("pokered_env")


class PokeRedEnv(GameEnv):
    """Pokémon Red on an emulated Game Boy.

    ## Description
    The agent sees the screen, the text on it, the tiles it has walked and some numbers from
    memory, and presses buttons. Without a ROM of the game, the bundled open cartridge is played: an
    original game with the same controls and the same variables in memory.

    ## Action Space
    `Discrete(7)`: 0 down, 1 left, 2 right, 3 up, 4 A, 5 B, 6 start. With `action_set="full"`
    `Discrete(9)`: also 7 no button and 8 select. An action takes 24 frames (0.4 s of the game); the
    button is held for the first 8.

    ## Observation Space
    `Dict`, arrays owned by the caller:

    | key | space | content |
    |---|---|---|
    | `screen` | `Box(0, 255, (72, 80, 1), uint8)` | the LCD, every second pixel, 4 grey levels |
    | `visited_mask` | `Box(0, 255, (72, 80, 1), uint8)` | 255 where the map tile has been stood \
on in this episode; 0 in battle and between maps |
    | `text` | `Box(0, 255, (200,), uint8)` | character ids of the text on the screen \
(`pokered_env.text`), segments joined by id 0x4E, padded with 0 |
    | `state` | `Box(0, 1, (335,), float32)` | map, direction, battle, hit points, levels, event \
flags (`pokered_env.STATE_LAYOUT`, `pokered_env.decode_state`) |

    `env.metadata["modalities"]` says that `visited_mask` is a mask and `text` a sequence of tokens,
    `env.metadata["alphabets"]["text"]` what each id of it is, `env.metadata["fields"]["state"]`
    which numbers of `state` are what.

    ## Rewards
    The weighted sum of the terms in `info["reward_terms"]`; see `pokered_env.RewardWeights` for the
    terms and their default weights. None can be farmed. `reward_terms` adds terms of your own.

    ## Starting State
    A new game, with the player in control in the first room; other states by `start_state=` or
    `reset(options={"state": ...})`. Every reset draws new bytes for the game's random number
    generator from the environment's own, so a seed decides what wild creatures and wandering people
    do; on Pokémon Red it also lets up to 15 frames pass, since that game stirs its generator with a
    timer. (The open cartridge, started at `power_on`, sets the bytes itself while it boots: from
    there only the buttons decide.) What happened before a reset has no effect on what follows.

    ## Episode End
    Terminated when the goal is reached: by default the game's completion. Truncated after
    `max_steps` actions, or after `max_steps_without_news` in which nothing new was found.

    ## Arguments
    See below. `reset` takes `options={"state": name | path | bytes}`.

    ## Version History
    - v0: first version.

    Args:
        rom_path: The ROM file. None: `$POKERED_ROM`, else the open cartridge.
        start_state: Name, path or bytes of the state episodes start from, or a mapping of such to
            their weights, to draw one each time. None: the ROM's default.
        action_set: `"default"` or `"full"`.
        action_frames: Frames of an action, or `"until_ready"`: as few as the game needs until it
            accepts input again.
        hold_frames: Frames the button is held, fewer than `action_frames`.
        repeat_action_probability: Probability that the last action is repeated instead.
        max_steps: Actions after which an episode is truncated; None for no limit. It is also the
            `max_episode_steps` of `spec`; that of `gym.make` can only shorten it.
        max_steps_without_news: An episode is truncated after so many actions without a new tile,
            event, badge, species, member or level; None for no such limit.
        goal: Number of badges, name of an event, or function of `GameState`, that ends an episode.
            None: the game's completion.
        reward_weights: `RewardWeights`, or a mapping of those that differ from the defaults.
        reward_terms: Terms of your own, `{"name": (function, weight)}`; a function takes the
            `GameState` before and after the action and the `EpisodeProgress` before it.
        observation_extras: Further keys of the observation, from `"position"`, `"badges"`, `"bag"`
            (`pokered_env.task.extras`).
        action_mask: Put `action_mask` into `info`.
        numeric_info: Have `info` be numbers of fixed shapes (`NumericInfo`), for libraries that
            store infos in arrays.
        render_mode: None, `"rgb_array"`, `"human"` or `"ansi"`.
        allow_unknown_rom: Accept a ROM that is not known and treat it like Pokémon Red.

    Attributes:
        arguments: The arguments it was made with.
        buttons: The button of every action.
        is_over: Whether `reset` is due: no episode has begun, or it has ended.
        rom: The cartridge.
        start_states: Where episodes start; may be replaced between episodes.

    Raises:
        RomError: The ROM cannot be used.
        StateError: The start state cannot be used.
        ConfigError: An argument is outside its range.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "render_modes": ["human", "rgb_array", "ansi"],
        "render_fps": FRAMES_PER_S / 24,
        "modalities": observation.MODALITIES,
        "alphabets": {"text": ALPHABET},
        "fields": observation.vector_fields(),
    }

    def __init__(
        self,
        rom_path: str | os.PathLike[str] | None = None,
        *,
        start_state: State | Mapping[State, float] | None = None,
        action_set: ActionSet = "default",
        action_frames: int | str = 24,
        hold_frames: int = 8,
        repeat_action_probability: float = 0.0,
        max_steps: int | None = 20_480,
        max_steps_without_news: int | None = None,
        goal: Goal | None = None,
        reward_weights: RewardWeights | Mapping[str, float] | None = None,
        reward_terms: Mapping[str, tuple[RewardTerm, float]] | None = None,
        observation_extras: Sequence[str] = (),
        action_mask: bool = False,
        numeric_info: bool = False,
        render_mode: str | None = None,
        allow_unknown_rom: bool = False,
    ) -> None:
        self.arguments = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        self._timing = make_timing(action_frames, hold_frames)
        self._repeat_probability = probability(
            "repeat_action_probability", repeat_action_probability
        )
        self._max_steps = step_limit("max_steps", max_steps)
        self._max_quiet_steps = step_limit("max_steps_without_news", max_steps_without_news)
        weights = RewardWeights.of(reward_weights)
        self._built_in_terms = BuiltInTerms(weights)
        self._user_terms = UserTerms(reward_terms)
        self._terms = self._user_terms.zeros()
        extras, self._has_numeric_info = Extras(observation_extras), numeric_info
        self.buttons = choose("action_set", action_set, ACTION_SETS)
        fps = {"render_fps": self._timing.actions_per_s}
        self.metadata = {**self.metadata, **fps}  # type: ignore[misc]
        modes = {None: None, **{mode: mode for mode in self.metadata["render_modes"]}}
        self.render_mode = choose("render_mode", render_mode, modes)

        self.rom = resolve_rom(rom_path, allow_unknown_rom=allow_unknown_rom)
        _log.info("Playing %s from %s", self.rom.profile.title, self.rom.path)
        self._profile = self.rom.profile
        self._goal = make_goal(goal, self._profile)
        self.start_states = StartStates.load(
            self.rom, self._profile.default_start_state if start_state is None else start_state
        )
        window = Window.SDL2 if render_mode == "human" else Window.NONE
        self._emulator = Emulator(self.rom.path, window)
        self._ears = listen(self._emulator, self._profile.joypad_routine)
        self._game = GameReader(self._emulator, weights.has_contact_terms)
        masked = self.buttons if action_mask else ()
        self._observer = Observer(self._emulator, self.rom, extras, masked)
        self.observation_space = self._observer.space()
        self.action_space = spaces.Discrete(len(self.buttons))

    def reset(  # type: ignore[override]
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, StepInfo]:
        """Start an episode.

        Args:
            seed: Seeds the environment's random numbers, which every reset seeds the game's from.
            options: ``{"state": name | path | bytes}`` starts from there this time.

        Returns:
            The first observation and its info.

        Raises:
            StateError: The state cannot be used.
            ConfigError: An option is unknown, the seed is no whole number from 0 on, or the goal is
                reached in the start state.
        """
        out = self._observer.new_observation()
        return out, self.reset_into(out, seed=seed, options=options)

    def reset_into(
        self, out: Observation, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> StepInfo:
        """Do what ``reset`` does, writing the observation into ``out``; return the info."""
        if unknown := set(options or {}) - {"state"}:
            raise ConfigError(f"Unknown reset options {sorted(unknown)}. There is 'state'.")
        state = (options or {}).get("state")
        starts = self.start_states if state is None else StartStates.load(self.rom, state)
        seed = seed_number("seed", seed)
        with self._as_it_was_if_refused():
            super().reset(seed=seed)
            progress = self._begin(*starts.draw(self.np_random))
        self._go_on(progress, is_over=False, last_action=0)
        self._terms = self._user_terms.zeros()
        return self._observe(out, [], frames=0)

    def step(self, action: int) -> tuple[Observation, float, bool, bool, StepInfo]:  # type: ignore[override]
        """Press a button and let the action's frames pass.

        Args:
            action: Number of the action.

        Returns:
            Observation, reward, terminated, truncated and info.

        Raises:
            InvalidActionError: There is no such action.
            ResetNeededError: No episode is running.
        """
        out = self._observer.new_observation()
        return out, *self.step_into(action, out)

    def step_into(self, action: int, out: Observation) -> tuple[float, bool, bool, StepInfo]:
        """Do what ``step`` does, writing the observation into ``out``; return the rest."""
        progress = self.progress
        if self.is_over:
            raise ResetNeededError("The episode is over. Call reset() to start the next one.")
        button = self.buttons[self._decide(action)]
        frames = perform(self.emulator, button, self._timing, self._profile.maps, self._ears)
        previous, current = self._state, self._game.read()
        terms = self._terms = self._built_in_terms(previous, current, progress)
        self._user_terms.add(terms, previous, current, progress)
        new_flags = progress.update(current, terms)
        self._state = current
        terminated = self._goal(progress, current)
        truncated = not terminated and self._is_out_of_steps(progress)
        info = self._observe(out, new_flags, frames)
        if terminated or truncated:
            self.is_over = True
            if not self._has_numeric_info:
                info["episode_summary"] = progress.summary(
                    current, self._profile.events, terminated
                )
        return float(sum(terms.values())), terminated, truncated, info

    def _is_out_of_steps(self, progress: EpisodeProgress) -> bool:
        return (
            progress.num_steps >= self._max_steps
            or progress.num_steps_without_news >= self._max_quiet_steps
        )

    def _decide(self, action: int) -> int:
        number = action_number(action, self.buttons)
        if self._repeat_probability and self.np_random.random() < self._repeat_probability:
            number = self._last_action
        self._last_action = number
        return number

    def _observe(self, out: Observation, new_flags: list[int], frames: int) -> StepInfo:
        info = self._observer.observe(
            self._state, self.progress, self._terms, new_flags, self._assists, frames, out
        )
        if self._has_numeric_info:  # who asks for it does not read it as StepInfo
            return cast(StepInfo, numbers_of(info, len(self.progress.event_flags)))
        return info
