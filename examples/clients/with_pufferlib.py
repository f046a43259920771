# /// script
# dependencies = ["pufferlib>=2,<3", "torch"]
# ///
"""PufferLib's emulation packs the Dict into bytes, its vector steps many, its model learns.

Its own trainer is a script of its repository; here REINFORCE takes one step on its model instead.
"""

from importlib.metadata import version

import gymnasium as gym
import pufferlib.cleanrl
import pufferlib.emulation
import pufferlib.models
import pufferlib.vector
import torch


def make(**kwargs: object) -> pufferlib.emulation.GymnasiumPufferEnv:
    """Make one environment."""
    return pufferlib.emulation.GymnasiumPufferEnv(
        env_creator=gym.make,
        env_args=["pokered_env:PokeRed-v0"],
        env_kwargs={"max_steps": 20, "numeric_info": True},
        **kwargs,
    )


envs = pufferlib.vector.make(make, num_envs=2, backend=pufferlib.vector.Serial)
policy = pufferlib.cleanrl.Policy(pufferlib.models.Default(envs.driver_env))
optimizer = torch.optim.Adam(policy.parameters())
seen, _ = envs.reset(seed=0)
ends, gains = 0, []
for _ in range(45):
    actions, logprobs, _, _ = policy(torch.tensor(seen))  # copied: its buffers are written again
    seen, rewards, terminated, truncated, infos = envs.step(actions.numpy())
    gains.append(logprobs * torch.tensor(rewards))
    ends += int(truncated.sum())
envs.close()
assert ends == 4, ends
before = policy.policy.decoder.weight.clone()
loss = -torch.stack(gains).mean()
loss.backward()
optimizer.step()
assert torch.isfinite(loss) and not torch.equal(before, policy.policy.decoder.weight)
print(
    f"pufferlib {version('pufferlib')}: {ends} episodes of {seen.shape}, learned from (loss {loss})"
)
