"""Cut the kept walkthrough at its milestones, for the start states of the open cartridge.

python tests/pokered_env/cartridge/record_milestones.py     after every recording of the walkthrough
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from pokered_env import PokeRedEnv
from pokered_env.emulation.actions import ACTION_SETS
from pokered_env.game.game_state import GameState
from pokered_env.game.milestones import BUTTONS
from pokered_env.game.profiles import MILESTONES_PATH
from pokered_env.game.scripts import is_in_control
from pokered_env.recording.episode import Episode, replay
from record_walkthrough import EPISODE

MILESTONES = {
    "GOT_STARTER": "the first mote is chosen",
    "GOT_HALL_PASS": "the letter is delivered, the Hall of Moss lets one in",
    "BEAT_WARDEN_IVY": "the Moss Seal is won",
    "GOT_PICK": "the miner in the Gloam Wood has given his pick",
    "ROCKFALL_CLEARED": "the quarry road is open",
    "GOT_OIL": "the quarry's levers are thrown, its foreman is beaten",
    "BEAT_WARDEN_ROE": "the Tide Seal is won",
    "BEACON_GATE_OPEN": "the gate of the beacon is open",
    "BEAT_WARDEN_SOL": "the Beacon Seal is won, the great lamp waits",
}
CALM_FRAMES = 120  # nobody speaks up and nothing moves the player for so long


def find_milestones(episode: Episode) -> dict[str, int]:
    """Return the number of actions after which each milestone is reached and the player free."""
    found: dict[str, int] = {}

    def look(env: PokeRedEnv) -> None:
        reached = env.rom.profile.events.names(env.game_state.events)
        due = [event for event in MILESTONES if event in reached and event not in found]
        if due and _is_calm(env):
            found.update(dict.fromkeys(due, env.progress.num_steps))

    replay(episode, on_step=look)
    return found


def _is_calm(env: PokeRedEnv) -> bool:
    emulator, glyphs = env.emulator, env.rom.glyphs
    if not is_in_control(emulator, glyphs):
        return False
    now = emulator.save_state()
    emulator.step(None, 0, CALM_FRAMES)
    is_calm = is_in_control(emulator, glyphs)
    is_same = GameState.read(emulator).events == env.game_state.events
    emulator.load_state(now)
    return is_calm and is_same


def encode_actions(actions: bytes, action_set: str) -> str:
    """Return actions as ``pokered_env.game.milestones`` reads them."""
    letters = {button: letter for letter, button in BUTTONS.items()}
    runs = [(letters[ACTION_SETS[action_set][a]], len(list(run))) for a, run in groupby(actions)]
    return "".join(f"{times if times > 1 else ''}{letter}" for letter, times in runs)


def describe_milestones(episode: Episode) -> dict[str, Any]:
    """Return what the file says.

    Raises:
        ValueError: The episode is no whole game from power-on.
    """
    found = find_milestones(episode)
    ends = [found[event] for event in MILESTONES if event in found]
    if episode.state != "power_on" or len(ends) < len(MILESTONES) or ends != sorted(set(ends)):
        raise ValueError(f"The walkthrough begins at {episode.state} and reaches only {found}.")
    cuts = zip(MILESTONES.items(), [0, *ends], ends, strict=False)
    return {
        "sha1": episode.rom_sha1,
        "hold_frames": episode.arguments["hold_frames"],
        "action_frames": episode.arguments["action_frames"],
        "milestones": [
            {
                "name": event.lower(),
                "description": f"{event}: {description}",
                "reached": {"event": event},
                "num_actions": end,
                "actions": encode_actions(
                    episode.actions[begin:end], episode.arguments["action_set"]
                ),
            }
            for (event, description), begin, end in cuts
        ],
    }


def main() -> None:
    """Replay, cut, write, report."""
    data = describe_milestones(Episode.load(EPISODE))
    MILESTONES_PATH.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for entry in data["milestones"]:
        print(f"{entry['name']:>20}  {entry['num_actions']:5} actions from power-on")


if __name__ == "__main__":
    main()
