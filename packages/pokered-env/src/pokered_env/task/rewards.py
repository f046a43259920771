"""Reward terms: pure functions of the state before, the state now, and the episode's progress.

No term can be farmed: `heal` takes for damage what it gives for healing, so that a loop of both is
worth nothing; `blackout` is a loss; all others pay only for what has not been reached before in the
episode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields

from pokered_env.errors import ConfigError
from pokered_env.game.contact import Met, addressed
from pokered_env.game.events import first_set
from pokered_env.game.game_state import GameState
from pokered_env.task.progress import EpisodeProgress
from pokered_env.untrusted import REAL


@dataclass(frozen=True, slots=True)
class RewardWeights:
    """What each reward term counts for; 0 switches it off.

    Attributes:
        events: An event flag set for the first time.
        badges: A badge won.
        explore: A tile stood on for the first time.
        levels: A level by which the party's sum exceeds its highest so far.
        heal: Change of the party's mean hit-point fraction (damage is negative).
        party: A member by which the party exceeds its largest size so far.
        seen: A species seen for the first time.
        caught: A species caught for the first time.
        blackout: The whole party has fainted.
        completion: The game completed.
        hidden: A hidden item or heap of coins found for the first time.
        talks: A person, or another thing that stands where persons can, talked to for the first
            time.
        signs: A sign read for the first time.
        menus: A menu seen open for the first time; two whose first item stands at the same place
            of the screen count as one.
    """

    events: float = 4.0
    badges: float = 10.0
    explore: float = 0.1
    levels: float = 0.5
    heal: float = 1.0
    party: float = 1.0
    seen: float = 0.5
    caught: float = 1.0
    blackout: float = -1.0
    completion: float = 10.0
    hidden: float = 0.0
    talks: float = 0.0
    signs: float = 0.0
    menus: float = 0.0

    def __post_init__(self) -> None:
        for name, weight in asdict(self).items():
            if not REAL.holds(weight):
                raise ConfigError(f"Reward weight {name}={weight!r} is no finite number.")

    @property
    def has_contact_terms(self) -> bool:
        """Whether a term counts that looks at `GameState.contact`."""
        return bool(self.talks or self.signs or self.menus)

    @classmethod
    def of(cls, weights: RewardWeights | Mapping[str, float] | None) -> RewardWeights:
        """Return weights given as such, as a mapping of those that differ, or as None.

        Raises:
            ConfigError: A name is no reward term, or a weight no finite number.
        """
        if isinstance(weights, RewardWeights):
            return weights
        names = [field.name for field in fields(cls)]
        if weights is not None and not isinstance(weights, Mapping):
            raise ConfigError(
                f"reward_weights={weights!r}. Pass a mapping, such as {{'explore': 0.05}}."
            )
        given = dict(weights or {})
        if unknown := set(map(str, given)) - set(names):
            raise ConfigError(
                f"Unknown reward terms {sorted(unknown)}. There are {', '.join(names)}."
            )
        return cls(**given)


def events(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count event flags set for the first time in the episode."""
    return len(first_set(current.events, progress.events))


def badges(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count badges won for the first time in the episode."""
    return (current.badges & ~progress.badges).bit_count()


def explore(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 on a tile not stood on before in the episode; battles happen on no tile."""
    return float(progress.exploration.is_new(current))


def levels(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count levels by which the party's sum exceeds its maximum so far."""
    if current.party is previous.party:
        return 0.0
    return max(current.level_sum - progress.max_level_sum, 0)


def heal(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return the change of the party's mean hit-point fraction, in [-1, 1]."""
    if current.party is previous.party:
        return 0.0
    return current.mean_hp_fraction - previous.mean_hp_fraction


def party(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count members by which the party exceeds its maximum so far."""
    return max(len(current.party) - progress.max_party_size, 0)


def seen(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count species seen for the first time in the episode."""
    return len(first_set(current.pokedex_seen, progress.pokedex_seen))


def caught(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count species caught for the first time in the episode, once they are there to stay."""
    return len(first_set(progress.lasting_owned(current), progress.pokedex_owned))


def blackout(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 when the last member of the party has just fainted."""
    if current.party is previous.party:
        return 0.0
    return float(current.is_blacked_out and not previous.is_blacked_out)


def completion(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 when the game is completed for the first time in the episode."""
    return float(progress.completes(current))


def hidden(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Count hidden items and heaps of coins found for the first time in the episode."""
    return len(first_set(current.hidden_found, progress.hidden_found))


def talks(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 when a person not met in the episode before has been talked to."""
    return _is_first("person", addressed(previous.contact, current.contact), progress)


def signs(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 when a sign not read in the episode before has been read."""
    return _is_first("sign", addressed(previous.contact, current.contact), progress)


def menus(previous: GameState, current: GameState, progress: EpisodeProgress) -> float:
    """Return 1 when a menu not seen in the episode before is open."""
    return _is_first("menu", current.contact and current.contact.menu, progress)


def _is_first(kind: str, met: Met | None, progress: EpisodeProgress) -> float:
    return float(met is not None and met[0] == kind and met not in progress.met)


RewardTerm = Callable[[GameState, GameState, EpisodeProgress], float]

REWARD_TERMS: Mapping[str, RewardTerm] = {
    "events": events,
    "badges": badges,
    "explore": explore,
    "levels": levels,
    "heal": heal,
    "party": party,
    "seen": seen,
    "caught": caught,
    "blackout": blackout,
    "completion": completion,
    "hidden": hidden,
    "talks": talks,
    "signs": signs,
    "menus": menus,
}
"""The terms by name, unweighted."""

_TERMS_OF_THE_MOMENT = (  # that may pay where `GameState.has_all_of` holds
    "explore",
    "caught",
    "talks",
    "signs",
    "menus",
)


def reward_terms(
    previous: GameState, current: GameState, progress: EpisodeProgress, weights: RewardWeights
) -> dict[str, float]:
    """Return every weighted term; their sum is the reward.

    Args:
        previous: The game before the action.
        current: The game after it.
        progress: What the episode had reached before the action.
        weights: What each term counts for.
    """
    return BuiltInTerms(weights)(previous, current, progress)


class BuiltInTerms:
    """The built-in terms with one set of weights.

    Args:
        weights: What each term counts for; one that counts for nothing is not asked.
    """

    def __init__(self, weights: RewardWeights) -> None:
        weighted = [(name, term, getattr(weights, name)) for name, term in REWARD_TERMS.items()]
        self._terms = [entry for entry in weighted if entry[2]]
        self._moment = [entry for entry in self._terms if entry[0] in _TERMS_OF_THE_MOMENT]

    def __call__(
        self, previous: GameState, current: GameState, progress: EpisodeProgress
    ) -> dict[str, float]:
        """Return every weighted term of a step, as `reward_terms` does."""
        terms = dict.fromkeys(REWARD_TERMS, 0.0)
        if current is previous:  # the same snapshot: nothing has changed
            return terms
        for name, term, weight in self._moment if current.has_all_of(previous) else self._terms:
            if value := term(previous, current, progress):
                terms[name] = float(weight * value)
        return terms
