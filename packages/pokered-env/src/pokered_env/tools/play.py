"""What ``pokered play`` does: play in a window, or check the environment without one."""

from __future__ import annotations

import hashlib
import sys

from pokered_env.arguments import step_limit
from pokered_env.emulation.actions import ACTION_SETS, Button
from pokered_env.env import PokeRedEnv
from pokered_env.errors import SelfTestError
from pokered_env.task import observation
from pokered_env.task.info import StepInfo
from pokered_env.task.observation import Observation

_NOOP = ACTION_SETS["full"].index(Button.NOOP)


def play(rom_path: str | None, allow_unknown_rom: bool, state: str | None) -> bytes:
    """Play in PyBoy's window, with a panel of the observations in the terminal.

    Returns:
        The emulator's state when the window was closed or the game completed.

    Raises:
        ConfigError: There is no display.
    """
    env = PokeRedEnv(
        rom_path,
        start_state=state,
        action_set="full",
        max_steps=None,
        render_mode="human",
        allow_unknown_rom=allow_unknown_rom,
    )
    env.reset()
    print("Arrow keys move, A is A, S is B, return is start, backspace select. Escape ends.")
    total = 0.0
    is_over = False
    while env.emulator.is_running and not is_over:
        seen, reward, is_over, _, info = env.step(_NOOP)
        total += reward
        print_panel(seen, info, total)
    last = env.emulator.save_state()
    env.close()
    return last


def print_panel(seen: Observation, info: StepInfo, total_reward: float) -> None:
    """Write what an agent would observe, over the last panel if the terminal can."""
    lines = panel(seen, info, total_reward)
    if sys.stdout.isatty():
        print("\x1b[2J\x1b[H" + "\n".join(lines), flush=True)
    elif info["new_events"] or info["text"]:
        print(" | ".join(lines[:3]), flush=True)


def panel(seen: Observation, info: StepInfo, total_reward: float) -> list[str]:
    """Describe an observation and its info in lines of text."""
    party = ", ".join(f"#{m.species} Lv{m.level} {m.hp}/{m.max_hp}" for m in info["party"])
    terms = {name: value for name, value in info["reward_terms"].items() if value}
    mask = seen["visited_mask"][::8, ::8, 0]
    return [
        f"{info['map_name']} ({info['x']}, {info['y']}), world {info['global_xy']}",
        f"text: {info['text']!r}",
        f"new events: {', '.join(info['new_events']) or '-'}",
        f"party: {party or '-'}; badges {info['badges']}; money {info['money']}",
        f"reward {total_reward:.2f}, now {terms or 0}; {info['coverage']} tiles",
        *("".join("██" if tile else "··" for tile in row) for row in mask),
    ]


def self_test(rom_path: str | None, allow_unknown_rom: bool, state: str | None, steps: int) -> str:
    """Play random buttons twice from one seed; check the spaces and that both runs are equal.

    Returns:
        A line that says so.

    Raises:
        SelfTestError: A check failed.
    """
    step_limit("--headless", steps)
    env = PokeRedEnv(
        rom_path, start_state=state, max_steps=None, allow_unknown_rom=allow_unknown_rom
    )
    first, info = _random_play(env, steps)
    second, _ = _random_play(env, steps)
    env.close()
    if first != second:
        raise SelfTestError(f"Two runs from one seed differ: {first} and {second}.")
    return (
        f"{env.rom.profile.title}: {steps} steps twice, equal ({first}). Now at "
        f"{info['map_name']} ({info['x']}, {info['y']}), {info['coverage']} tiles walked."
    )


def _random_play(env: PokeRedEnv, steps: int) -> tuple[str, StepInfo]:
    digest = hashlib.sha1()
    env.action_space.seed(0)
    seen, info = env.reset(seed=0)
    for _ in range(steps):
        seen, _, terminated, truncated, info = env.step(int(env.action_space.sample()))
        if not env.observation_space.contains(seen):
            raise SelfTestError("An observation is outside its space.")
        for key in observation.OBSERVATION_SPACE:
            digest.update(seen[key].tobytes())  # type: ignore[literal-required]
        if terminated or truncated:
            seen, info = env.reset()
    return digest.hexdigest()[:12], info
