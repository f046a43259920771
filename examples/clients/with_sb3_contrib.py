# /// script
# dependencies = ["sb3-contrib>=2.7"]
# ///
"""MaskablePPO on all four observations, and on the last four screens in processes of their own."""

import sb3_contrib
from pokered_env.wrappers import HashedWords, ScreenOnly
from sb3_contrib import MaskablePPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv

ID = "pokered_env:PokeRed-v0"


def main() -> None:
    """Train for a moment, both ways."""
    quick = {"n_steps": 16, "batch_size": 16, "n_epochs": 1, "device": "cpu"}
    env = make_vec_env(ID, 2, wrapper_class=HashedWords, env_kwargs={"max_steps": 12})
    model = MaskablePPO("MultiInputPolicy", env, **quick).learn(32)
    env.close()

    env = make_vec_env(
        ID,
        2,
        wrapper_class=ScreenOnly,
        wrapper_kwargs={"size": (84, 84), "num_frames": 4},
        env_kwargs={"max_steps": 12},
        vec_env_cls=SubprocVecEnv,
    )
    screens = MaskablePPO("CnnPolicy", env, **quick).learn(32)
    env.close()
    assert model.num_timesteps == screens.num_timesteps == 32
    print(f"sb3-contrib {sb3_contrib.__version__}: MaskablePPO trained on Dict and on pictures")


if __name__ == "__main__":  # SubprocVecEnv starts this file again
    main()
