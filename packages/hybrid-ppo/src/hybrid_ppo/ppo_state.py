"""What SB3's algorithm holds between two rollouts, as arrays and tensors: no pickle."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import Tensor


def policy_weights(model: OnPolicyAlgorithm) -> dict[str, Tensor]:
    """Return the policy's and the value function's parameters by name."""
    return dict(model.policy.state_dict())


def load_policy_weights(model: OnPolicyAlgorithm, weights: Mapping[str, Tensor]) -> None:
    """Restore what :func:`policy_weights` returned."""
    model.policy.load_state_dict(dict(weights))


def optimizer_state(model: OnPolicyAlgorithm) -> dict[str, Any]:
    """Return the moments and step counts of each parameter, by its number."""
    state = model.policy.optimizer.state_dict()["state"]
    return {str(number): dict(values) for number, values in state.items()}


def load_optimizer_state(model: OnPolicyAlgorithm, saved: Mapping[str, Any]) -> None:
    """Restore what :func:`optimizer_state` returned; learning rates stay the settings'."""
    whole = model.policy.optimizer.state_dict()
    whole["state"] = {int(number): dict(values) for number, values in saved.items()}
    model.policy.optimizer.load_state_dict(whole)


def progress(model: OnPolicyAlgorithm) -> dict[str, Any]:
    """Return counters, recent episodes, numbers not yet logged and a recurrent policy's memory."""
    logger = model.logger
    return {
        "num_timesteps": model.num_timesteps,
        "num_updates": model._n_updates,
        "episode_starts": np.asarray(model._last_episode_starts),
        "episodes": [_plain(episode) for episode in model.ep_info_buffer or ()],
        "successes": [float(success) for success in model.ep_success_buffer or ()],
        "logged": {name: _number(value) for name, value in logger.name_to_value.items()},
        "logged_counts": dict(logger.name_to_count),
        "memory": _memory(model),
    }


def restore_progress(model: OnPolicyAlgorithm, saved: Mapping[str, Any]) -> None:
    """Return to what :func:`progress` told; ``model.learn`` goes on from there."""
    model.num_timesteps = saved["num_timesteps"]
    model._n_updates = saved["num_updates"]
    model._last_episode_starts = np.array(saved["episode_starts"], np.bool_)
    window = model._stats_window_size
    model.ep_info_buffer, model.ep_success_buffer = deque(maxlen=window), deque(maxlen=window)
    model.ep_info_buffer.extend(saved["episodes"])
    model.ep_success_buffer.extend(saved["successes"])
    model.logger.name_to_value.update(saved["logged"])
    model.logger.name_to_count.update(saved["logged_counts"])
    if saved["memory"]:
        old: Any = model._last_lstm_states  # type: ignore[attr-defined]
        parts = {
            name: tuple(tensor.to(model.device) for tensor in tensors)
            for name, tensors in saved["memory"].items()
        }
        model._last_lstm_states = type(old)(**parts)  # type: ignore[attr-defined]


def generators() -> dict[str, Any]:
    """Return the state of the process's generators, from which SB3 draws."""
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [name, np.asarray(keys, np.int64), position, has_gauss, cached],
        "python": [version, np.array(internal, np.int64), gauss],
    }


def restore_generators(saved: Mapping[str, Any]) -> None:
    """Return to what :func:`generators` told."""
    torch.set_rng_state(saved["torch"])
    if saved["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(saved["cuda"])
    name, keys, *rest = saved["numpy"]
    np.random.set_state((name, keys.astype(np.uint32), *rest))  # noqa: NPY002
    version, internal, gauss = saved["python"]
    random.setstate((version, tuple(int(number) for number in internal), gauss))


def _memory(model: OnPolicyAlgorithm) -> dict[str, Any]:
    states: Any = getattr(model, "_last_lstm_states", None)
    return dict(states._asdict()) if states is not None else {}


def _plain(episode: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(episode[name]) for name in ("r", "l")}


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, (np.generic, Tensor)) else value
