"""Train a small Dreamer on the open cartridge, then write what it dreams and how it plays.

Run: hatch run demo            (two minutes of training, then two files in runs/demo-…)
     hatch run demo --minutes 30 --num-envs 2
"""

import argparse
import dataclasses
import time
from pathlib import Path

import dreamer_agent
import gymnasium as gym
import numpy as np
from dreamer_agent import TrainConfig, preset
from dreamer_agent.commands import dream_run
from pokered_env.video import save_video

ENV = "pokered_env:PokeRed-v0"


def train(minutes: float, num_envs: int) -> Path:
    """Train from scratch; Ctrl-C ends it early, and the rest still runs."""
    agent = preset("paper", "1m")
    optimizer = dataclasses.replace(agent.optimizer, lr=3e-4, warmup_steps=50)
    config = TrainConfig(
        env=ENV,
        num_envs=num_envs,
        run_dir=time.strftime("runs/demo-%Y%m%d-%H%M%S"),
        stop_after_minutes=minutes,
        batch_size=8,
        sequence_length=32,
        replay_ratio=8,
        prefill_steps=512,
        video_every_steps=0,
        agent=dataclasses.replace(agent, optimizer=optimizer),
    )
    return dreamer_agent.train(config)


def play(run: Path, steps: int, video: Path) -> None:
    """Let the trained agent play, and film it."""
    agent = dreamer_agent.load(run)
    env = gym.make(ENV, render_mode="rgb_array")
    obs, info = env.reset(seed=1)
    state, is_first = agent.initial_state(1), np.ones(1, bool)
    frames = [env.render()]
    for _ in range(steps):
        batch = {key: value[None] for key, value in obs.items()}
        action, state = agent.act(batch, state, is_first)
        obs, _, terminated, truncated, info = env.step(action[0])
        frames.append(env.render())
        is_first[:] = False
        if terminated or truncated:
            break
    env.close()
    save_video(frames, video)
    print(f"{len(frames) - 1} steps: {info['coverage']} tiles, on map {info['map_name']} → {video}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of training")
    parser.add_argument("--num-envs", type=int, default=1)
    arguments = parser.parse_args()
    run = train(arguments.minutes, arguments.num_envs)
    dream_run(run, run / "dream.webp", None, context=5, horizon=15, sequences=6)
    play(run, 300, run / "play.webp")
