# /// script
# dependencies = ["sheeprl>=0.8.4"]
# ///
"""sheeprl's Dreamer V3 and PPO take images and vectors of the Dict by name; both do a dry run."""

import subprocess
import sys
import tempfile
from importlib.metadata import version

COMMON = [
    "env=gym",
    "env.id=pokered_env:PokeRed-v0",
    "env.num_envs=1",
    "env.sync_env=True",
    "env.capture_video=False",
    "fabric.accelerator=cpu",
    "algo.cnn_keys.encoder=[screen]",
    "algo.mlp_keys.encoder=[state]",
    "dry_run=True",
]
RUNS = {
    "ppo": ["exp=ppo"],
    "dreamer_v3": [
        "exp=dreamer_v3",
        "algo=dreamer_v3_XS",
        "algo.cnn_keys.decoder=[screen]",
        "algo.mlp_keys.decoder=[state]",
        "algo.per_rank_batch_size=1",
        "algo.per_rank_sequence_length=1",
        "algo.learning_starts=0",
        "buffer.size=10",
    ],
}

with tempfile.TemporaryDirectory() as folder:
    for name, arguments in RUNS.items():
        command = [sys.executable, "-m", "sheeprl", *arguments, *COMMON]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr[-3000:]}"
print(f"sheeprl {version('sheeprl')}: dry runs of {' and '.join(RUNS)}")
