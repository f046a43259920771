"""Train a small Dreamer on the open cartridge, then film what it dreams and how it plays.

hatch run demo [--minutes 30]      two minutes if left out; both films go to runs/demo-<time>
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import dreamer_agent
import gymnasium as gym
import numpy as np
from dreamer_agent import TrainConfig, preset
from dreamer_agent.cli import main as dreamer
from pokered_env.recording.video import save_video

ENV = "pokered_env:PokeRed-v0"


def train(minutes: float) -> Path:
    """Train from scratch; Ctrl-C ends it early, and the films are made all the same."""
    agent = preset("paper", "1m")
    agent = replace(
        agent,  # the paper's settings are made for days of training
        optimizer=replace(agent.optimizer, lr=3e-3, actor_lr=1e-4, warmup_steps=50),
        imagination=replace(agent.imagination, last=8),
        image=replace(agent.image, depth=8, likelihood="categorical"),  # four shades of grey
    )
    run_dir = time.strftime("runs/demo-%Y%m%d-%H%M%S")
    sizes = {"batch_size": 8, "sequence_length": 32, "replay_ratio": 32.0, "prefill_steps": 512}
    limits = {"run_dir": run_dir, "stop_after_minutes": minutes}
    return dreamer_agent.train(TrainConfig(env=ENV, agent=agent, **sizes, **limits))


def play(run: Path, steps: int) -> None:
    """Let the trained agent play, and film it."""
    agent = dreamer_agent.load(run)
    env = gym.make(ENV, render_mode="rgb_array")
    (obs, info), state = env.reset(seed=1), agent.initial_state(1)
    frames = [env.render()]
    for step in range(steps):
        batch = {key: value[None] for key, value in obs.items()}
        action, state = agent.act(batch, state, is_first=np.array([step == 0]))
        obs, _, _, _, info = env.step(action[0])
        frames.append(env.render())
    save_video(frames, run / "play.webp")
    print(f"play → {run / 'play.webp'}: {info['coverage']} tiles, now in {info['map_name']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0, help="of training")
    parser.add_argument("--play-steps", type=int, default=300, help="actions in the film")
    options = parser.parse_args()
    run = train(options.minutes)
    dreamer(["dream", str(run), "--out", str(run / "dream.webp")])
    play(run, options.play_steps)
