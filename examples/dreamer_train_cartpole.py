"""Train DreamerV3 on CartPole from Python, and read its numbers while it learns.

python examples/dreamer_train_cartpole.py            a minute or two; --steps 5000 to balance
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from dreamer_agent import LogConfig, TrainConfig, preset, train


def main() -> None:
    """Train for some steps and print the returns of evaluation episodes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--run-dir", default=None)
    options = parser.parse_args()

    agent = preset("paper", size="xs")
    # the paper's learning rate is made for millions of steps
    agent = replace(agent, optimizer=replace(agent.optimizer, lr=4e-4, warmup_steps=100))
    run_dir = options.run_dir or str(Path(tempfile.mkdtemp()) / "cartpole")
    config = TrainConfig(
        env="CartPole-v1",
        run_dir=run_dir,
        env_steps=options.steps,
        batch_size=8,
        sequence_length=32,
        replay_ratio=32,
        prefill_steps=200,
        eval_every_steps=300,
        threads=1,
        agent=agent,
        log=LogConfig(every_steps=100),
    )
    evaluations: list[tuple[int, float]] = []

    def on_record(env_steps: int, scalars: dict[str, float]) -> None:
        if "eval/return" in scalars:
            evaluations.append((env_steps, scalars["eval/return"]))

    path = train(config, on_record=on_record)
    for env_steps, score in evaluations:
        print(f"step {env_steps:6,}: return {score:6.1f}")
    print(f"Look at it:  dreamer dream {path}\nGo on:       dreamer train --resume {path}")


if __name__ == "__main__":
    main()
