"""Which device to compute on."""

from __future__ import annotations

import torch

from dreamer_agent.errors import ConfigError

__all__ = ["resolve_device"]


def resolve_device(name: str) -> str:
    """Turn ``auto`` into a device that is there.

    Raises:
        ConfigError: Torch cannot use this device here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device={name!r} cannot be used here ({str(error).splitlines()[0]}). "
            "Use --device auto or --device cpu."
        ) from None
    return name
