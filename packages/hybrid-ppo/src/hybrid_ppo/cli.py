"""The command ``hybrid-ppo``: train PPO on a world model's features, and score it."""

from __future__ import annotations

import argparse
import io
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_ppo.config import HybridConfig

_BAD_INPUT = 2

_USAGE = """\
usage: hybrid-ppo COMMAND ...

  train    PPO on a world model's features    hybrid-ppo train --world-model runs/world
           on one made here first             hybrid-ppo train --env CartPole-v1
           go on with a run                   hybrid-ppo train --resume runs/hybrid
  eval     play episodes                      hybrid-ppo eval --run-dir runs/hybrid

`hybrid-ppo COMMAND --help` lists the options of a command; `dreamer report RUN` draws its curves.
"""

_DESCRIPTION = """Train PPO on the features of a Dreamer world model, into a run directory.

Read before the options below: --config FILE is YAML with any of the options (ppo: {n_steps: 128})
and with `pretrain`, settings of `dreamer train`; --resume RUN goes on with a run. --trust: a
config.yaml or FILE of another user may name modules to import; what is imported is printed
first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, or 2 for bad input.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter gets another one
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"train": _train, "eval": _eval}
    if not words or words[0] in ("-h", "--help"):
        print(_USAGE, end="")
        return 0 if words else _BAD_INPUT
    if words[0] not in commands:
        print(f"hybrid-ppo: unknown command {words[0]!r}\n\n{_USAGE}", end="", file=sys.stderr)
        return _BAD_INPUT
    from dreamer_agent import DreamerError

    from hybrid_ppo.errors import HybridError

    warnings.showwarning = _print_warning
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path may hold what its encoding cannot say
        sys.stdout.reconfigure(errors="replace")
    try:
        commands[words[0]](words[1:])
    except (HybridError, DreamerError) as error:
        print(f"hybrid-ppo: {error}", file=sys.stderr)
        return _BAD_INPUT
    except KeyboardInterrupt:
        print("hybrid-ppo: aborted.", file=sys.stderr)
        return 130
    return 0


def _train(words: list[str]) -> None:
    import dataclasses

    import tyro

    from hybrid_ppo.config import HybridConfig
    from hybrid_ppo.errors import ConfigError
    from hybrid_ppo.train import load_config, train

    parser = argparse.ArgumentParser(prog="hybrid-ppo train", add_help=False, allow_abbrev=False)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--trust", action="store_true")
    first, rest = parser.parse_known_args(words)
    if first.resume and first.config:
        raise ConfigError("--resume takes the run's own settings; leave out --config.")
    base = HybridConfig()
    if first.resume:
        base = load_config(first.resume)
    elif first.config:
        base = _read_config(first.config, first.trust)
    config = tyro.cli(
        HybridConfig, args=rest, default=base, prog="hybrid-ppo train", description=_DESCRIPTION
    )
    if first.resume:
        config = dataclasses.replace(config, run_dir=first.resume)
    train(config, resume=first.resume is not None, trust=first.trust, say=_say)


def _read_config(path: Path, trust: bool) -> HybridConfig:
    """Read settings; say, or refuse, what they make us import."""
    from dreamer_agent import check_trust, imported_modules, lay_over, read_yaml

    from hybrid_ppo.config import HybridConfig
    from hybrid_ppo.pretrain import pretrain_settings

    config = lay_over(HybridConfig(), read_yaml(path), str(path))
    if config.env or config.pretrain:
        if told := check_trust(path, imported_modules(pretrain_settings(config)), trust):
            _say(told)
    return config


def _eval(words: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="hybrid-ppo eval", description="Play episodes with a trained policy."
    )
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--policy", type=Path, help="a zip file of SB3's to play instead")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="load it, though it can run any code"
    )
    parser.add_argument(
        "--trust", action="store_true", help="import what the run names though its owner is another"
    )
    options = parser.parse_args(words)
    from hybrid_ppo.evaluate import evaluate

    returns = evaluate(
        options.run_dir,
        options.episodes,
        policy=options.policy,
        allow_pickle=options.allow_pickle,
        trust=options.trust,
        say=_say,
    )
    mean = sum(returns) / len(returns)
    print(
        f"{len(returns)} episodes: mean {mean:.2f}, min {min(returns):.2f}, max {max(returns):.2f}"
    )


def _say(message: str) -> None:
    print(f"hybrid-ppo: {message}", file=sys.stderr)


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"Warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
