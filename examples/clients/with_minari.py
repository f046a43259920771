# /// script
# dependencies = ["minari[create,hdf5]>=0.5.3"]
# ///
"""Minari records a data set of two episodes, infos and all, and reads it again."""

import os
import tempfile

os.environ["MINARI_DATASETS_PATH"] = tempfile.mkdtemp()

import gymnasium as gym
import minari
import numpy as np

game = gym.make("pokered_env:PokeRed-v0", max_steps=20, numeric_info=True)
# its JPEG would change the pictures, and it takes none with a single channel
env = minari.DataCollector(game, record_infos=True, jpeg_encoding=False)
screens = []
for seed in range(2):
    seen, _ = env.reset(seed=seed)
    is_over = False
    while not is_over:
        screens.append(seen["screen"].copy())
        seen, _, terminated, truncated, _ = env.step(env.action_space.sample())
        is_over = terminated or truncated
    screens.append(seen["screen"].copy())
dataset = env.create_dataset("pokered/random-v0")
env.close()

again = minari.load_dataset("pokered/random-v0")
stored = np.concatenate([episode.observations["screen"] for episode in again])
assert np.array_equal(stored, screens)
assert again[0].infos["party"].shape == (21, 6, 4)
again.recover_environment().close()
print(f"minari {minari.__version__}: {again.total_steps} steps stored and read again, bit for bit")
