"""The command ``hybrid-ppo``: train PPO on a world model's features, and score it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from hybrid_ppo.config import HybridConfig


def train(config: Annotated[HybridConfig, tyro.conf.arg(name="")]) -> None:
    """Train PPO on the features of a Dreamer world model.

    Args:
        config: The run's settings.
    """
    from hybrid_ppo.train import train as run

    print(f"Saved in {run(config)}")


def evaluate(run_dir: Path, episodes: int = 10) -> None:
    """Play episodes with a trained policy and print their returns.

    Args:
        run_dir: Directory of a finished run.
        episodes: How many episodes.
    """
    from hybrid_ppo.evaluate import evaluate as score

    returns = score(run_dir, episodes)
    mean = sum(returns) / len(returns)
    print(
        f"{len(returns)} episodes: mean {mean:.2f}, min {min(returns):.2f}, max {max(returns):.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, or 2 for bad input.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    from dreamer_agent import DreamerError

    from hybrid_ppo.errors import HybridError

    commands: dict[str, Any] = {"train": train, "eval": evaluate}
    try:
        tyro.extras.subcommand_cli_from_dict(commands, prog="hybrid-ppo", args=arguments)
    except (HybridError, DreamerError) as error:
        print(f"hybrid-ppo: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
