"""The command ``pokered``: check the installation, play, record, replay, make start states."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from pokered_env.errors import PokeRedError

if TYPE_CHECKING:
    from pokered_env.env import PokeRedEnv

Command = Callable[[argparse.Namespace], int]
_INTERRUPTED = 130  # as shells say it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    It is 0 if all is well, 1 on an error of this package, 130 if Ctrl-C kept it from finishing.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter gets another one
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    run: Command = options.run
    try:
        return run(options)
    except PokeRedError as error:
        print(f"pokered: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pokered", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    doctor = _command(commands, "doctor", _doctor, "check ROM, PyBoy and the speed to expect")
    doctor.add_argument("--steps", type=int, default=300, help="steps to time (300)")

    play = _command(commands, "play", _play, "play in a window: arrows, A, S, return, backspace")
    play.add_argument("--state", help="start state: a name or a path")
    play.add_argument(
        "--headless", type=int, metavar="STEPS", help="no window: play random buttons and check"
    )

    record = _command(commands, "record", _record, "record an episode of random play")
    record.add_argument("file", type=Path, help="file to write")
    record.add_argument("--steps", type=int, default=500, help="actions (500)")
    record.add_argument("--seed", type=int, default=0, help="seed of game and actions (0)")
    record.add_argument("--state", help="start state: a name or a path")

    replay = _command(commands, "replay", _replay, "play a recorded episode again")
    replay.add_argument("file", type=Path, help="recorded episode")
    replay.add_argument("--verify", action="store_true", help="compare every step")
    replay.add_argument("--video", type=Path, help="write .webp, .gif or .mp4, map included")
    replay.add_argument("--heat-map", type=Path, help="draw how often each tile was come to")

    states = commands.add_parser("states", help="list and make start states")
    verbs = states.add_subparsers(required=True, metavar="verb")
    _command(verbs, "list", _list_states, "list start states")
    make = _command(verbs, "make", _make_state, "keep a state as a start state")
    make.add_argument("name", help="what to call it; a name with a script is made by that")
    source = make.add_mutually_exclusive_group()
    source.add_argument(
        "--from",
        dest="source",
        metavar="STATE",
        help="name, or file of a save state of any PyBoy since 1.6 (default: play up to it)",
    )
    source.add_argument("--episode", type=Path, help="where this recorded episode ends")
    source.add_argument("--state", help="play up to it from this one: a name or a path")
    make.add_argument("--force", action="store_true", help="replace a state of this name")

    bench = _command(commands, "bench", _bench, "measure speed, as one line of JSON")
    bench.add_argument("--rounds", type=int, default=10, help="interleaved rounds (10)")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Command,
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--rom", help="ROM file (default: $POKERED_ROM, else the open cartridge)")
    parser.add_argument("--allow-unknown-rom", action="store_true", help="try any cartridge")
    return parser


@contextmanager
def _until_interrupted() -> Iterator[Event]:
    """Let the first Ctrl-C end the work in here, and no more: what there is by then is kept.

    The event that is handed out tells whether one came.
    """
    stopped = Event()
    try:
        yield stopped
    except KeyboardInterrupt:
        stopped.set()
        print("\nStopped.", file=sys.stderr)


# The commands import what they need themselves, so that --help does not load an emulator.


def _doctor(options: argparse.Namespace) -> int:
    from pokered_env.tools.doctor import report

    for name, value in report(options.rom, options.allow_unknown_rom, options.steps).items():
        print(f"{name:>12}  {value}")
    return 0


def _play(options: argparse.Namespace) -> int:
    from pokered_env.tools import play

    if options.headless is None:
        play.play(options.rom, options.allow_unknown_rom, options.state)
    else:
        print(
            play.self_test(options.rom, options.allow_unknown_rom, options.state, options.headless)
        )
    return 0


def _record(options: argparse.Namespace) -> int:
    from pokered_env.arguments import seed_number, step_limit
    from pokered_env.env import PokeRedEnv
    from pokered_env.folders import check_folder
    from pokered_env.recording.episode import EpisodeRecorder
    from pokered_env.tools.progress import counted

    step_limit("--steps", options.steps)
    seed_number("--seed", options.seed)
    check_folder(options.file)
    env = PokeRedEnv(options.rom, max_steps=None, allow_unknown_rom=options.allow_unknown_rom)
    recorder = EpisodeRecorder(env, options.state, seed=options.seed)
    env.action_space.seed(options.seed)
    with _until_interrupted():
        for _ in counted(range(options.steps), options.steps, "actions"):
            if recorder.step(int(env.action_space.sample())):
                break
    episode = recorder.episode()
    env.close()
    episode.save(options.file)
    print(f"{options.file}: {len(episode.actions)} actions, reward {episode.total_reward:.2f}")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from pokered_env.recording.episode import Episode, replay
    from pokered_env.recording.heat_map import VisitCounter
    from pokered_env.recording.video import (
        PackedFrames,
        check_picture_path,
        check_video_path,
        save_picture,
        save_video,
    )
    from pokered_env.tools.progress import notes
    from pokered_env.wrappers.overlay import draw_overlay

    episode = Episode.load(options.file)
    if options.video:  # before all is played
        check_video_path(options.video)
    if options.heat_map:
        check_picture_path(options.heat_map)
    frames = PackedFrames()
    visits: VisitCounter | None = None
    num_played, reward = 0, 0.0
    note = notes(len(episode.actions), "actions")

    def watch(env: PokeRedEnv) -> None:
        nonlocal visits, num_played, reward
        num_played, reward = env.progress.num_steps, sum(env.progress.reward_sums.values())
        note(num_played)
        visits = visits or VisitCounter(env.rom.profile.maps)
        visits.add(env.progress.place)
        if options.video:
            frames.append(draw_overlay(env))

    with _until_interrupted() as stopped:
        replay(episode, options.rom, verify=options.verify, on_step=watch)
    note(-1)
    if options.video and len(frames):
        save_video(frames, options.video)
    if options.heat_map and visits:
        save_picture(visits.draw(), options.heat_map)
    played = f"{options.file}: {num_played} actions, reward {reward:.2f}"
    if stopped.is_set():
        verdict = "as recorded" if options.verify else "played"
        print(f"{played}, {num_played} of {len(episode.actions)} steps {verdict}")
        return _INTERRUPTED
    print(played + (", every step as recorded" if options.verify else ""))
    return 0


def _list_states(options: argparse.Namespace) -> int:
    from pokered_env.game.rom import resolve_rom
    from pokered_env.task.start_states import list_start_states

    rom = resolve_rom(options.rom, allow_unknown_rom=options.allow_unknown_rom)
    for name, description in list_start_states(rom).items():
        print(f"{name:>20}  {description}")
    return 0


def _make_state(options: argparse.Namespace) -> int:
    from pokered_env.game.rom import resolve_rom
    from pokered_env.recording.episode import Episode, last_state
    from pokered_env.task.start_states import load_start_state, new_state_path, save_start_state
    from pokered_env.tools.play import play

    rom = resolve_rom(options.rom, allow_unknown_rom=options.allow_unknown_rom)
    chosen = options.episode, options.source, options.state
    if options.name in rom.profile.start_states and not options.force and chosen == (None,) * 3:
        load_start_state(rom, options.name)
        print(f"{options.name}: made by its script and cached; begin there by this name")
        return 0
    new_state_path(rom, options.name, replace=options.force)  # before anybody plays for it
    if options.episode is not None:
        state = last_state(Episode.load(options.episode), options.rom)
    elif options.source is not None:
        state = load_start_state(rom, options.source)
    else:
        state = play(options.rom, options.allow_unknown_rom, options.state)
    path = save_start_state(rom, options.name, state, replace=options.force)
    print(f"{options.name}: {path}")
    return 0


def _bench(options: argparse.Namespace) -> int:
    import json

    from pokered_env.arguments import step_limit
    from pokered_env.tools.bench import measure

    step_limit("--rounds", options.rounds)
    figures: dict[str, object] = {}
    with _until_interrupted():
        measure(
            options.rom,
            rounds=options.rounds,
            growth_steps=0,
            allow_unknown_rom=options.allow_unknown_rom,
            figures=figures,
        )
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
