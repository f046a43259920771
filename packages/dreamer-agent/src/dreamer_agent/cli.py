"""`dreamer train | eval | dream | report | bench | export`."""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamer_agent.errors import ConfigError, DreamerError

if TYPE_CHECKING:
    from dreamer_agent.run_dir.train_config import TrainConfig

__all__ = ["main"]

_BAD_INPUT = 2

_USAGE = """\
usage: dreamer COMMAND ...

  train    learn in an environment            dreamer train --env CartPole-v1 --size xs
           go on with a run                   dreamer train --resume runs/NAME
           learn from a stored replay only    dreamer train --offline runs/NAME/replay
  eval     play episodes, film the first      dreamer eval runs/NAME --video play.webp
  dream    video: real | predicted | error    dreamer dream runs/NAME
  report   one page: curves, dream, settings  dreamer report runs/NAME
  bench    time acting, learning, sampling    dreamer bench --env CartPole-v1
  export   features of a stored replay        dreamer export runs/NAME --out features.npz

`dreamer COMMAND --help` lists the options of a command.
"""


_TRUST = (
    "A run's config.yaml names its environment: its modules are imported, and called with its "
    "env_kwargs and wrappers. Open only runs you trust; what is imported is printed first, and "
    "files of another user need --trust. Weights and replays carry no code."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (2 for bad input, with one message on stderr)."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter gets another one
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {
        "train": _train,
        "eval": _eval,
        "dream": _dream,
        "report": _report,
        "bench": _bench,
        "export": _export,
    }
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE, end="")
        return 0 if arguments else _BAD_INPUT
    command = commands.get(arguments[0])
    if command is None:
        print(f"dreamer: unknown command {arguments[0]!r}\n\n{_USAGE}", end="", file=sys.stderr)
        return _BAD_INPUT
    warnings.showwarning = _print_warning
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path may hold what its encoding cannot say
        sys.stdout.reconfigure(errors="replace")
    try:
        command(arguments[1:])
        sys.stdout.flush()
    except DreamerError as error:
        print(f"dreamer {arguments[0]}: {error}", file=sys.stderr)
        return _BAD_INPUT
    except KeyboardInterrupt:
        print("dreamer: aborted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if not _has_lost_its_reader():
            raise
    return 0


def _has_lost_its_reader() -> bool:
    """Whether nobody reads standard output any more; then what is left for it is dropped."""
    try:
        print(flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"Warning: {message}", file=sys.stderr)


def _train(arguments: list[str]) -> None:
    from dreamer_agent.presets import PRESETS, SIZES
    from dreamer_agent.run_dir.run_config import load_run_config
    from dreamer_agent.run_dir.train_config import load_yaml, parse_flags, preset_config

    parser = argparse.ArgumentParser(prog="dreamer train", add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", choices=PRESETS)
    parser.add_argument("--size", choices=SIZES)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--offline", type=Path)
    parser.add_argument("--trust", action="store_true")
    first, rest = parser.parse_known_args(arguments)
    if first.resume and (first.preset or first.size or first.config):
        raise ConfigError(
            "--resume takes the run's own configuration; leave out --preset, --size and --config."
        )
    if first.resume and first.offline:
        raise ConfigError(
            "--offline cannot be resumed; leave out --resume, and give a new --run-dir."
        )
    if first.resume:
        base = dataclasses.replace(
            load_run_config(_config_of(first.resume)), run_dir=str(first.resume)
        )
    else:
        base = preset_config(first.preset or "paper", first.size or "1m")
        base = load_yaml(first.config, base) if first.config else base
    config = parse_flags(rest, base)
    if first.resume or first.config:
        _say_imports(first.config or _config_of(first.resume), base, config, first.trust)
    if first.offline:
        from dreamer_agent.training.config_changes import unused_offline
        from dreamer_agent.training.offline import train_offline

        if unused := unused_offline(config, base):
            raise ConfigError(
                f"--offline has no environment to step: leave out {', '.join(unused)}."
            )
        train_offline(config, first.offline)
    else:
        from dreamer_agent.training.trainer import train

        train(config, resume=first.resume is not None)


def _say_imports(path: Path, stored: TrainConfig, config: TrainConfig, trust: bool) -> None:
    """Say, or refuse, what a file makes us import; what a flag names is the user's own word."""
    from dreamer_agent.run_dir.trust import check_trust, imported_modules

    stored_modules = imported_modules(stored)
    modules = [name for name in imported_modules(config) if name in stored_modules]
    if told := check_trust(path, modules, trust):
        print(f"dreamer: {told}", file=sys.stderr)


def _config_of(run_dir: Path) -> Path:
    from dreamer_agent.run_dir.directory import RunDirectory

    run = RunDirectory(run_dir)
    run.require()
    return run.config


def _eval(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="dreamer eval", description=f"Play episodes. {_TRUST}")
    parser.add_argument("run", type=Path, help="run directory, or one checkpoint in it")
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--mode", choices=("greedy", "sample"), default="greedy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--env", help="another environment with the same spaces")
    parser.add_argument("--num-envs", type=int, default=1)
    parser.add_argument("--video", type=Path, help="film the first episode: .webp or .gif")
    parser.add_argument(
        "--trust", action="store_true", help="import what the run names though its owner is another"
    )
    options = parser.parse_args(arguments)
    if options.episodes < 1 or options.num_envs < 1:
        raise ConfigError("--episodes and --num-envs must be at least 1.")
    if options.seed < 0:
        raise ConfigError(f"--seed {options.seed} must be at least 0.")
    from dreamer_agent.commands import evaluate_run

    evaluate_run(**vars(options))


def _dream(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="dreamer dream", description="Video of the world model's open-loop predictions."
    )
    parser.add_argument("run", type=Path, help="run directory, or one checkpoint in it")
    parser.add_argument("--out", type=Path, help=".webp, .gif or .png (a strip of frames)")
    parser.add_argument("--replay", type=Path, help="another stored replay")
    parser.add_argument("--context", type=int, default=5, help="rows the model sees")
    parser.add_argument("--horizon", type=int, default=45, help="rows it imagines")
    parser.add_argument("--sequences", type=int, default=32, help="sequences for the metrics")
    options = parser.parse_args(arguments)
    if min(options.context, options.horizon, options.sequences) < 1:
        raise ConfigError("--context, --horizon and --sequences must be at least 1.")
    from dreamer_agent.commands import dream_run

    dream_run(**vars(options))


def _report(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="dreamer report", description="A run as one page of HTML that needs nothing else."
    )
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("--out", type=Path, help=".html to write (RUN/report.html)")
    options = parser.parse_args(arguments)
    from dreamer_agent.logging.report import write_report

    print(write_report(**vars(options)))


def _export(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="dreamer export", description="World-model features of every row of a stored replay."
    )
    parser.add_argument("run", type=Path, help="run directory, or one checkpoint in it")
    parser.add_argument("--out", type=Path, required=True, help=".npz to write")
    parser.add_argument("--replay", type=Path, help="another stored replay")
    options = parser.parse_args(arguments)
    from dreamer_agent.commands import export_run

    export_run(**vars(options))


def _bench(arguments: list[str]) -> None:
    from dreamer_agent.presets import SIZES

    parser = argparse.ArgumentParser(
        prog="dreamer bench", description="Time one update, acting and sampling on this machine."
    )
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--size", choices=SIZES, default="1m")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--sequence-length", type=int, default=64)
    parser.add_argument("--updates", type=int, default=5)
    options: dict[str, Any] = vars(parser.parse_args(arguments))
    from dreamer_agent.commands import bench

    bench(**options)
