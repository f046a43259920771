"""The command ``pokered``: look at the installation, play, record, replay, make states."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pokered_env.errors import PokeRedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 if all is well, 1 on an error of this package.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except PokeRedError as error:
        print(f"pokered: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pokered", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    doctor = commands.add_parser("doctor", help="check ROM, PyBoy and the speed to expect")
    doctor.set_defaults(run=_doctor)
    doctor.add_argument("--steps", type=int, default=300, help="steps to time (default 300)")

    play = commands.add_parser("play", help="play in a window: arrows, A, S, return, backspace")
    play.set_defaults(run=_play)
    play.add_argument("--state", help="start state: a name or a path")
    play.add_argument(
        "--headless", type=int, metavar="STEPS", help="no window: play random buttons and check"
    )
    for command in (doctor, play):
        _add_rom_options(command)
    return parser


def _add_rom_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rom", help="ROM file (default: $POKERED_ROM, else the open cartridge)")
    parser.add_argument("--allow-unknown-rom", action="store_true", help="try any cartridge")


def _doctor(options: argparse.Namespace) -> int:
    from pokered_env import doctor

    return doctor.run(options.rom, options.allow_unknown_rom, options.steps)


def _play(options: argparse.Namespace) -> int:
    from pokered_env import play

    if options.headless is not None:
        return play.self_test(
            options.rom, options.allow_unknown_rom, options.state, options.headless
        )
    return play.play(options.rom, options.allow_unknown_rom, options.state)


if __name__ == "__main__":
    sys.exit(main())
