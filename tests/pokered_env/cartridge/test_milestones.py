"""Every milestone is a start state: reached by script, with the flags and badges it stands for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env import PokeRedEnv, PokeRedVectorEnv
from pokered_env.emulation.emulator import Emulator
from pokered_env.game.end_condition import EndCondition
from pokered_env.game.game_state import GameState
from pokered_env.game.milestones import read_milestones
from pokered_env.game.profiles import MILESTONES_PATH
from pokered_env.game.rom import Rom, resolve_rom
from pokered_env.recording.episode import Episode
from pokered_env.task.start_states import StartStates, list_start_states, load_start_state
from pokered_env.tools.cli import main
from pokered_env.wrappers import MilestoneCurriculum
from record_milestones import MILESTONES, encode_actions
from record_walkthrough import EPISODE

COMMAND = "python tests/pokered_env/cartridge/record_milestones.py"
# What each milestone adds to the one before: event flags, and all badges as bits.
REACHED = {
    "got_starter": ("TALKED_TO_KEEPER MET_PIM GOT_STARTER", 0b000),
    "got_hall_pass": (
        "GOT_LANTERN GOT_LETTER BEAT_SCOUT_PIP BEAT_REEDER_WYN GOT_MAP DELIVERED_LETTER "
        "GOT_HALL_PASS",
        0b000,
    ),
    "beat_warden_ivy": ("BEAT_HALL_FERNA BEAT_HALL_MOTHE BEAT_WARDEN_IVY GOT_WICK", 0b001),
    "got_pick": (
        "WOOD_GATE_OPEN BEAT_SCOUT_BRI BEAT_REEDER_ALDA BEAT_SCOUT_TOLL FOUND_MINER GOT_PICK",
        0b001,
    ),
    "rockfall_cleared": ("BEAT_MINER_DUG ROCKFALL_CLEARED", 0b001),
    "got_oil": ("LEVER_1 LEVER_2 BEAT_FOREMAN GOT_OIL", 0b001),
    "beat_warden_roe": ("BEAT_REEDER_SELA BEAT_DIVER BEAT_WARDEN_ROE", 0b011),
    "beacon_gate_open": ("BEACON_GATE_OPEN", 0b011),
    "beat_warden_sol": ("BEAT_WARDEN_SOL", 0b111),
}
NAMES = tuple(REACHED)


@pytest.fixture(scope="module")
def rom() -> Rom:
    return resolve_rom()


@pytest.fixture(scope="module")
def walkthrough() -> Episode:
    return Episode.load(EPISODE)


def _memory(emulator: Emulator) -> bytes:
    return emulator.read(0xC000, 0x2000) + emulator.read(0xFF80, 0x7F)


def test_the_file_is_of_this_rom_and_of_the_kept_walkthrough(
    rom: Rom, walkthrough: Episode
) -> None:
    data = json.loads(MILESTONES_PATH.read_text("utf-8"))
    assert data["sha1"] == rom.sha1, f"The milestones are of another ROM. Run: {COMMAND}"
    ends = [entry["num_actions"] for entry in data["milestones"]]
    action_set = walkthrough.arguments["action_set"]
    parts = [
        encode_actions(walkthrough.actions[begin:end], action_set)
        for begin, end in zip([0, *ends], ends, strict=False)
    ]
    kept = [entry["actions"] for entry in data["milestones"]]
    assert kept == parts, f"They are of another walkthrough. Run: {COMMAND}"


def test_every_milestone_is_a_start_state_that_the_command_lists(
    rom: Rom, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuple(event.lower() for event in MILESTONES) == NAMES
    assert list(list_start_states(rom))[-len(NAMES) :] == list(NAMES)
    assert main(["states", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(f" {name}  {name.upper()}: " in listed for name in NAMES)


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_milestone_has_exactly_its_flags_and_badges(rom: Rom, number: int) -> None:
    emulator = Emulator(rom.path)
    emulator.load_state(load_start_state(rom, NAMES[number]))
    state = GameState.read(emulator)
    emulator.close()
    expected = " ".join(REACHED[name][0] for name in NAMES[: number + 1]).split()
    assert set(rom.profile.events.names(state.events)) == set(expected)
    assert rom.profile.start_states[NAMES[number]].reached == EndCondition(NAMES[number].upper())
    assert state.badges == REACHED[NAMES[number]][1]


@pytest.mark.parametrize("name", NAMES)
def test_a_reset_to_a_milestone_does_not_depend_on_what_was_played_before(name: str) -> None:
    actions = (3, 4, 1, 1, 0, 4, 2, 5)
    ends = []
    for before in ((), (6, 0, 4, 4)):
        with PokeRedEnv(max_steps=None) as env:
            env.reset(seed=5)
            for action in before:
                env.step(action)
            env.reset(seed=7, options={"state": name})
            for action in actions:
                env.step(action)
            ends.append((_memory(env.emulator), env.emulator.screen.tobytes()))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_play_from_power_on_passes_the_milestones_whatever_the_seed(
    rom: Rom, walkthrough: Episode, seed: int
) -> None:
    data = json.loads(MILESTONES_PATH.read_text("utf-8"))["milestones"][0]
    kept = Emulator(rom.path)
    kept.load_state(load_start_state(rom, data["name"]))
    with PokeRedEnv(start_state="power_on") as env:
        env.reset(seed=seed)
        for action in walkthrough.actions[: data["num_actions"]]:
            env.step(action)
        assert _memory(env.emulator) == _memory(kept)
    kept.close()


def test_going_on_from_the_last_milestone_ends_the_game_as_in_the_walkthrough(
    rom: Rom, walkthrough: Episode
) -> None:
    last = json.loads(MILESTONES_PATH.read_text("utf-8"))["milestones"][-1]
    emulator = Emulator(rom.path)
    emulator.load_state(load_start_state(rom, last["name"]))
    buttons = PokeRedEnv().buttons
    for action in walkthrough.actions[last["num_actions"] :]:
        emulator.step(buttons[action].key, 8, 24)
    reached = rom.profile.events.names(GameState.read(emulator).events)
    emulator.close()
    assert rom.profile.ending_event in reached


def test_milestones_are_drawn_by_their_weights(rom: Rom) -> None:
    weights = {"start": 1.0, "got_pick": 3.0}
    starts = StartStates.load(rom, weights)
    rng = np.random.default_rng(0)
    drawn = [starts.draw(rng)[0] for _ in range(400)]
    assert 260 < drawn.count("got_pick") < 340
    with PokeRedEnv(start_state=weights) as env:
        env.reset(seed=0)
        named = {"start": "HOME", "got_pick": "GLOAM_WOOD"}
        for _ in range(6):
            _, info = env.reset()
            assert info["map_name"] == named[env.progress.start_state]


def test_the_curriculum_goes_on_from_a_milestone_and_says_so() -> None:
    venv = PokeRedVectorEnv(2, start_state="got_starter", max_steps=40)
    env = MilestoneCurriculum(venv, share=1.0)
    env.reset(seed=0)
    script = venv.envs[0].rom.profile.start_states["got_hall_pass"].script
    keys = [button.key for button in venv.envs[0].buttons]
    actions = [keys.index(press.button) for press in script for _ in range(press.repeat)]
    for action in actions[:40]:
        env.step(np.array([action, action]))
    (first,) = env.report()
    assert (first["event"], first["first_state"]) == ("GOT_LANTERN", "got_starter")
    assert first["parent"] is None
    for _ in range(2):
        env.step(np.array([0, 0]))
    assert {each.progress.start_state for each in venv.envs} == {"GOT_LANTERN"}
    env.close()


def test_milestones_of_another_rom_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "milestones.json"
    path.write_text(MILESTONES_PATH.read_text("utf-8"), "utf-8")
    assert read_milestones(path, "0" * 40) == {}


@given(st.binary(max_size=60).map(lambda raw: bytes(byte % 7 for byte in raw)))
def test_actions_are_read_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, actions: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "milestones.json"
    written = encode_actions(actions, "default")
    entry = {"name": "x", "description": "", "reached": {}, "actions": written}
    data = {"sha1": "", "hold_frames": 8, "action_frames": 24, "milestones": [entry]}
    path.write_text(json.dumps(data), "utf-8")
    script = read_milestones(path, "")["x"].script
    played = [press.button for press in script for _ in range(press.repeat)]
    assert played == ["down left right up a b start".split()[action] for action in actions]
