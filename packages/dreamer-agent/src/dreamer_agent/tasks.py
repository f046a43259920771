"""Two small tasks that show what an agent can do: remember a cue, and read.

Importing ``dreamer_agent`` registers them as ``TMaze-v0`` and ``ReadText-v0``, so that
``gym.make("dreamer_agent:TMaze-v0", length=20)`` works anywhere.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from dreamer_agent.errors import EnvError

__all__ = ["ReadText", "TMaze", "decode_text", "encode_text"]


class TMaze(gym.Env[Any, Any]):
    """Remember a cue to the end of a corridor.

    ## Description
    At the start a cue says left or right. The agent is then carried along a corridor without
    seeing the cue, and at the junction must turn to the side of the cue. (After Bakker 2002 and
    bsuite's ``memory_len``.)

    ## Action Space
    ``Discrete(2)``: 0 left, 1 right. Actions before the junction have no effect.

    ## Observation Space
    ``Box(-1, 1, (3,), float32)``: the cue (-1 left, 1 right; 0 after the first step), 1 at the
    junction else 0, and how much of the corridor is left (1 to 0).

    ## Rewards
    1 for the turn the cue asked for. A wrong one costs 1 to the right and nothing to the left: if
    both cost the same, the reward under random turns would say nothing about the cue, and a model
    of rewards would have no reason to begin to remember it. 0 before. ``info["success"]`` at the
    end.

    ## Starting State
    The cue is drawn, and the length too if it is a range: log-uniformly, so that short corridors,
    from which remembering is learned first, are as frequent as long ones.

    ## Episode End
    Terminated by the turn, ``length + 1`` steps after the reset.

    ## Arguments
    ``length``: steps between the cue and the junction, or a range (lowest, highest) to draw from.

    ## Version History
    v0: first version.
    """

    metadata = {"render_modes": []}  # noqa: RUF012
    observation_space = spaces.Box(-1, 1, (3,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, length: int | tuple[int, int] = 20) -> None:
        low, high = (length, length) if isinstance(length, int) else length
        if not 1 <= low <= high:
            raise EnvError(f"TMaze length {length!r}: give a number or a range, from 1 upwards.")
        self._lengths = (low, high)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Draw the cue and the length, and show the cue."""
        super().reset(seed=seed)
        low, high = self._lengths
        drawn = np.exp(self.np_random.uniform(np.log(low), np.log(high + 1)))
        self._length = min(int(drawn), high)
        self._cue = int(self.np_random.integers(2))
        self._step = 0
        return self._observation(), {"cue": self._cue}

    def step(
        self, action: np.int64
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Move one step along, or turn at the junction."""
        at_junction = self._step == self._length
        self._step += 1
        if not at_junction:
            return self._observation(), 0.0, False, False, {"cue": self._cue}
        is_right = int(action) == self._cue
        reward = 1.0 if is_right else -float(action)
        return self._observation(), reward, True, False, {"cue": self._cue, "success": is_right}

    def _observation(self) -> NDArray[np.float32]:
        cue = (2 * self._cue - 1) if self._step == 0 else 0
        ahead = max(self._length - self._step, 0) / self._length
        return np.array([cue, self._step == self._length, ahead], np.float32)


DIRECTIONS = ("left", "right", "up", "down")
SPEAKERS = ("", "anna: ", "the old man: ", "sign: ")
ENDINGS = ("", " now", " please")
TEXT_LENGTH = 32


class ReadText(gym.Env[Any, Any]):
    """Do what the words on the screen say.

    ## Description
    Every step shows one of 48 sentences; each asks for one of four directions.

    ## Action Space
    ``Discrete(4)``: 0 left, 1 right, 2 up, 3 down.

    ## Observation Space
    ``Dict``: ``text``, ``Box(0, 255, (32,), uint8)``, the sentence's ASCII codes padded with 0;
    ``clock``, ``Box(0, 1, (1,), float32)``, the share of the episode that is over.

    ## Rewards
    1 where the action is what the sentence asks for, else 0. Chance reaches 0.25 per step.

    ## Starting State
    Sentences are drawn uniformly, anew at every step.

    ## Episode End
    Truncated after 10 steps.

    ## Arguments
    ``show_text``: False blanks the text, which makes the task impossible: the control.

    ## Version History
    v0: first version.
    """

    metadata = {"render_modes": [], "modalities": {"text": "tokens"}}  # noqa: RUF012
    observation_space = spaces.Dict(
        text=spaces.Box(0, 255, (TEXT_LENGTH,), np.uint8),
        clock=spaces.Box(0, 1, (1,), np.float32),
    )
    action_space = spaces.Discrete(len(DIRECTIONS))
    num_steps = 10

    def __init__(self, show_text: bool = True) -> None:
        self._show_text = show_text

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Show the first sentence."""
        super().reset(seed=seed)
        self._step = 0
        return self._next(), {"wanted": self._wanted}

    def step(
        self, action: np.int64
    ) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        """Judge the action by the sentence that was shown, and show the next."""
        reward = float(int(action) == self._wanted)
        self._step += 1
        obs = self._next()
        return obs, reward, False, self._step == self.num_steps, {"wanted": self._wanted}

    def _next(self) -> dict[str, NDArray[Any]]:
        self._wanted = int(self.np_random.integers(len(DIRECTIONS)))
        speaker = SPEAKERS[self.np_random.integers(len(SPEAKERS))]
        ending = ENDINGS[self.np_random.integers(len(ENDINGS))]
        sentence = f"{speaker}go {DIRECTIONS[self._wanted]}{ending}" if self._show_text else ""
        clock = np.array([self._step / self.num_steps], np.float32)
        return {"text": encode_text(sentence), "clock": clock}


def encode_text(sentence: str) -> NDArray[np.uint8]:
    """Return ASCII codes padded with 0 to the length of the ``text`` key."""
    codes = np.zeros(TEXT_LENGTH, np.uint8)
    codes[: len(sentence)] = np.frombuffer(sentence.encode("ascii"), np.uint8)
    return codes


def decode_text(codes: NDArray[np.uint8]) -> str:
    """Return the sentence that :func:`encode_text` encoded."""
    return bytes(codes[codes > 0]).decode("ascii", "replace")
