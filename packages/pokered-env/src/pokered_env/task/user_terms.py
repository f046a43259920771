"""Reward terms that users write, beside the built-in ones."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from typing import Any

from pokered_env.errors import ConfigError
from pokered_env.game.game_state import GameState
from pokered_env.task.progress import EpisodeProgress
from pokered_env.task.rewards import REWARD_TERMS, RewardTerm
from pokered_env.untrusted import REAL


class UserTerms:
    """Named functions with their weights, evaluated in every step.

    Unlike built-in terms they are asked also when nothing in the snapshot has changed: a price for
    every step is a term too. They are pickled by their functions' qualified names.

    Args:
        given: ``{"name": (function, weight)}``; a function takes the game before the action, the
            game after it and what the episode had reached before, and returns a finite number.
            None for no terms.

    Raises:
        ConfigError: This is no such mapping, or a name is a built-in term's.
    """

    def __init__(self, given: Mapping[str, tuple[RewardTerm, float]] | None) -> None:
        if not isinstance(given, Mapping | None):
            raise ConfigError(f"reward_terms={given!r}. {_HINT}")
        self.given = None if given is None else dict(given)
        self._terms = [_checked(name, term) for name, term in (given or {}).items()]

    def zeros(self) -> dict[str, float]:
        """Return the built-in terms, then these, each worth nothing."""
        return dict.fromkeys([*REWARD_TERMS, *(name for name, _, _ in self._terms)], 0.0)

    def add(
        self,
        terms: dict[str, float],
        previous: GameState,
        current: GameState,
        progress: EpisodeProgress,
    ) -> None:
        """Add the weighted values of a step to ``terms``, which has the built-in ones.

        Args:
            terms: Written to.
            previous: The game before the action.
            current: The game after it.
            progress: What the episode had reached before the action.

        Raises:
            ConfigError: A function returned no finite number.
        """
        for name, function, weight in self._terms:
            value = function(previous, current, progress)
            try:
                terms[name] = weight * float(value)
                is_finite = math.isfinite(terms[name])
            except (TypeError, ValueError, OverflowError):
                is_finite = False
            if not is_finite:
                raise ConfigError(
                    f"Reward term {name!r} ({function!r}) returned {value!r} in step "
                    f"{progress.num_steps + 1}. It must return a finite number."
                )

    def __reduce__(self) -> tuple[Any, ...]:
        for name, function, _ in self._terms:
            try:
                pickle.dumps(function)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise ConfigError(
                    f"Reward term {name!r} cannot be pickled: {function!r} has no name that "
                    "another process could import. Define it with `def` at the top of a module."
                ) from error
        return UserTerms, (self.given,)

    def __deepcopy__(self, memo: dict[int, Any]) -> UserTerms:
        return self  # within one process functions need no name


_HINT = "Pass a mapping of names to a function and its weight, such as {'slow': (my_term, -0.01)}."


def _checked(name: Any, term: Any) -> tuple[str, RewardTerm, float]:
    if not isinstance(name, str) or not isinstance(term, tuple | list) or len(term) != 2:
        raise ConfigError(f"reward_terms has {name!r}: {term!r}. {_HINT}")
    function, weight = term
    if name in REWARD_TERMS:
        raise ConfigError(
            f"Reward term {name!r} is built in. Give yours another name; reward_weights="
            f"{{{name!r}: 0}} switches the built-in one off."
        )
    if not callable(function) or not REAL.holds(weight):
        raise ConfigError(f"reward_terms has {name!r}: {term!r}. {_HINT}")
    return name, function, float(weight)
