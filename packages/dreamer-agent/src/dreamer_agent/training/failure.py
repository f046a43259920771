"""What a run does and says when its environment has failed."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from dreamer_agent.errors import DreamerError, EnvError
from dreamer_agent.run_dir.directory import RunDirectory

__all__ = ["save_after_failure"]

_FILE = "env_error.txt"


def save_after_failure(
    failure: EnvError, save: Callable[[], None], run: RunDirectory, step: int
) -> EnvError:
    """Save what is whole, write the traceback, and return one message of what to do next.

    Args:
        failure: What failed, and in which environment.
        save: Writes a checkpoint.
        run: Its directory; gets ``env_error.txt``.
        step: Environment steps done.
    """
    try:
        save()
        fate = (
            f"The run is saved. Mend the environment, then: dreamer train --resume {run.path} "
            "(new episodes begin)."
        )
    except DreamerError as error:
        fate = f"What came after the last checkpoint could not be saved: {error}"
    path = run.path / _FILE
    try:
        path.write_text("".join(traceback.format_exception(failure)), encoding="utf-8")
        details = f"The traceback is in {path}. "
    except OSError:
        details = ""
    return EnvError(f"{failure}\nThis was at step {step:,} of the run. {details}{fate}")
