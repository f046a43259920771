# /// script
# dependencies = ["torchrl>=0.7"]
# ///
"""TorchRL's GymEnv, one and many at once, with the numbers of info in its rollouts."""

import torchrl
from torchrl.envs import GymEnv

ID = "pokered_env:PokeRed-v0"


def main() -> None:
    """Roll out a few steps."""
    one = GymEnv(ID, max_steps=10, numeric_info=True).auto_register_info_dict()
    rollout = one.rollout(15, break_when_any_done=False)
    one.close()
    many = GymEnv(ID, num_envs=2, max_steps=10, numeric_info=True)
    rollouts = many.rollout(15, break_when_any_done=False)
    many.close()
    assert rollout["party"].shape == (15, 6, 4)
    assert rollouts["next", "reward"].shape == (2, 15, 1)
    print(
        f"torchrl {torchrl.__version__}: rollouts of {tuple(rollouts.shape)} steps, info included"
    )


if __name__ == "__main__":  # its vector environments start this file again
    main()
