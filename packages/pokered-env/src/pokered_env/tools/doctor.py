"""What ``pokered doctor`` reports: which ROM is played, with what, and how fast."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version

import pokered_env
from pokered_env.arguments import step_limit
from pokered_env.env import PokeRedEnv
from pokered_env.folders import cache_folder, data_folder
from pokered_env.tools.bench import measure_efficiency


def report(rom_path: str | None, allow_unknown_rom: bool, steps: int) -> dict[str, str]:
    """Return what there is to know, by name.

    Raises:
        PokeRedError: Something the environment needs is not as it should be.
    """
    step_limit("--steps", steps)
    began = time.perf_counter()
    env = PokeRedEnv(rom_path, allow_unknown_rom=allow_unknown_rom, max_steps=None)
    env.reset(seed=0)
    ready_s = time.perf_counter() - began
    env.close()
    speed = measure_efficiency(rom_path, steps, rounds=1, allow_unknown_rom=allow_unknown_rom)
    profile = env.rom.profile
    return {
        "pokered-env": pokered_env.__version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "pyboy": version("pyboy"),
        "gymnasium": version("gymnasium"),
        "rom": f"{profile.title} ({env.rom.path})",
        "sha1": env.rom.sha1,
        "start states": ", ".join(profile.start_states),
        "cache": str(cache_folder()),
        "own states": str(data_folder()),
        "ready after": f"{ready_s:.2f} s",
        "speed": f"{speed['env_steps_per_s']:,.0f} steps/s on one core, "
        f"{speed['efficiency']:.0%} of the bare emulator's",
    }
