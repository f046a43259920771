"""What a run's config.yaml makes Python import, and whether its owner is trusted."""

from __future__ import annotations

import os
from pathlib import Path

from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.run_dir.train_config import TrainConfig

__all__ = ["check_trust", "imported_modules"]


def imported_modules(config: TrainConfig) -> list[str]:
    """Return the modules that making the environments of a configuration imports by name."""
    names = [config.env.rpartition(":")[0], *(name.partition(":")[0] for name in config.wrappers)]
    return list(dict.fromkeys(name for name in names if name))


def check_trust(path: Path, modules: list[str], trust: bool) -> str | None:
    """Decide whether modules that a configuration on disk names may be imported.

    A configuration is trusted if the file belongs to the user. Where files have no owner (Windows),
    all are. An archive unpacked by the user is the user's: hence what is imported is always said.

    Args:
        path: The config.yaml that names them.
        modules: What will be imported.
        trust: The user has said so.

    Returns:
        What to tell the user before anything is imported, if there is something.

    Raises:
        RunDirectoryError: Somebody else owns the file; names what would be imported.
    """
    if not modules:
        return None
    names = ", ".join(modules)
    if not trust and not _is_mine(path):
        raise RunDirectoryError(
            f"{path} belongs to another user, and making its environment imports {names}. Look at "
            "env, env_kwargs and wrappers in it, and add --trust if you trust them."
        )
    return f"importing {names}, named in {path}"


def _is_mine(path: Path) -> bool:
    return not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()
