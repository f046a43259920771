"""sb3-contrib's algorithms learn on features: with masks, and with a memory of their own."""

import subprocess
import sys

import numpy as np
import pytest
from dreamer_agent import Agent, preset
from hybrid_ppo import ActionMaskWrapper, NotLatentError, WorldModelVecEnv
from masked_env import MaskedEnv
from stable_baselines3.common.vec_env import DummyVecEnv

contrib = pytest.importorskip("hybrid_ppo.contrib")

from sb3_contrib import MaskablePPO, RecurrentPPO  # noqa: E402


class Strict(MaskedEnv):
    """Refuses what its mask forbids."""

    def step(self, action: np.int64) -> object:
        assert self._info()["action_mask"][action]
        return super().step(action)


def masked_env(include_raw: list[str]) -> WorldModelVecEnv:
    agent = Agent(MaskedEnv.observation_space, MaskedEnv.action_space, preset("paper", "xs"))
    venv = DummyVecEnv([lambda: ActionMaskWrapper(Strict(), agent)] * 2)
    return WorldModelVecEnv(venv, agent, include_raw=include_raw)


def test_maskable_ppo_presses_only_what_the_mask_allows() -> None:
    env = masked_env([])
    model = MaskablePPO(contrib.DreamerMaskablePPOPolicy, env, n_steps=64, batch_size=64, seed=0)
    model.learn(128)
    assert model.num_timesteps == 128


def test_recurrent_ppo_learns_on_features(venv: DummyVecEnv, agent: Agent) -> None:
    env = WorldModelVecEnv(venv, agent, include_raw=["last"])
    model = RecurrentPPO(
        contrib.DreamerRecurrentPPOMultiInputPolicy, env, n_steps=16, batch_size=16, seed=0
    )
    model.learn(64)
    assert model.num_timesteps == 64


@pytest.mark.parametrize("name", ["DreamerMaskablePPOPolicy", "DreamerRecurrentPPOPolicy"])
def test_an_unwrapped_environment_is_refused(venv: DummyVecEnv, name: str) -> None:
    algorithm = MaskablePPO if "Mask" in name else RecurrentPPO
    with pytest.raises(NotLatentError, match=f"{name} got Dict"):
        algorithm(getattr(contrib, name), venv)


def test_without_sb3_contrib_the_package_imports_and_says_what_is_missing() -> None:
    code = (
        "import sys; sys.modules['sb3_contrib'] = None\n"
        "import hybrid_ppo\n"
        "try: hybrid_ppo.DreamerMaskablePPOPolicy\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "hybrid-ppo[contrib]" in done.stdout, done.stderr
