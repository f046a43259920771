# /// script
# dependencies = ["rl_zoo3>=2.7"]
# ///
"""RL Baselines3 Zoo trains by its own command, with a wrapper named in its configuration."""

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

CONFIGURATION = """
PokeRed-v0:
  env_wrapper: pokered_env.wrappers.HashedWords
  policy: MultiInputPolicy
  n_envs: 2
  n_timesteps: 64
  n_steps: 16
  batch_size: 16
  n_epochs: 1
"""

with tempfile.TemporaryDirectory() as folder:
    configuration = Path(folder) / "ppo.yml"
    configuration.write_text(CONFIGURATION)
    command = [sys.executable, "-m", "rl_zoo3.train", "--algo", "ppo", "--env", "PokeRed-v0"]
    command += ["--gym-packages", "pokered_env", "--conf-file", str(configuration)]
    command += ["--env-kwargs", "max_steps:20", "--log-folder", folder, "--eval-freq", "-1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(Path(folder).glob("ppo/PokeRed-v0_1/PokeRed-v0.zip")), done.stdout
print(f"rl_zoo3 {version('rl_zoo3')}: its train command trained and saved a PPO")
