"""DreamerV3 inside a loop of your own: Agent acts, Replay remembers, Agent learns.

python examples/dreamer_own_loop.py [--env pokered_env:PokeRed-v0] [--steps 300]
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np
import torch
from dreamer_agent import Agent, Replay, make_row, preset


def main() -> None:
    """Play one environment and do an update every eight steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="pokered_env:PokeRed-v0")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    torch.set_num_threads(1)

    env = gym.make(options.env)
    single = not isinstance(env.observation_space, gym.spaces.Dict)
    space = gym.spaces.Dict(observation=env.observation_space) if single else env.observation_space
    modalities = env.metadata.get("modalities")
    agent = Agent(space, env.action_space, preset("paper", size="xs"), modalities=modalities)
    replay = Replay.for_spaces(space, env.action_space, batch_size=4, sequence_length=16)

    def as_dict(obs):
        return {"observation": obs} if single else obs

    obs, state, is_first = as_dict(env.reset(seed=0)[0]), agent.initial_state(1), True
    no_action = np.zeros(env.action_space.shape, env.action_space.dtype)
    replay.add(make_row(obs, no_action, 0.0, is_first=True))
    for step in range(1, options.steps + 1):
        batched = {key: np.asarray(value)[None] for key, value in obs.items()}
        action, state = agent.act(batched, state, np.array([is_first]))
        raw, reward, terminated, truncated, _ = env.step(action[0])
        obs, is_first = as_dict(raw), False
        over = terminated or truncated  # how it ended is kept: only `terminated` ends the future
        replay.add(make_row(obs, action[0], reward, is_last=over, is_terminal=terminated))
        if over:
            obs, is_first = as_dict(env.reset()[0]), True
            replay.add(make_row(obs, no_action, 0.0, is_first=True))
        if step >= 64 and step % 8 == 0:
            metrics = agent.update(replay.sample()).metrics
            if step % 80 == 0:
                losses = {k: round(v, 2) for k, v in metrics.items() if k.startswith("loss/")}
                print(f"step {step}: {losses}")
    env.close()
    print(f"{replay.stats().rows} rows, {replay.stats().bytes_per_row:.0f} bytes each")


if __name__ == "__main__":
    main()
