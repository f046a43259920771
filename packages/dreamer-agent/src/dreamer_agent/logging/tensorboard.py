"""TensorBoard files (extra ``[tensorboard]``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dreamer_agent.errors import ConfigError
from dreamer_agent.logging.record import Record

__all__ = ["TensorBoardSink"]


class TensorBoardSink:
    """Writes scalars, and the middle frame of videos as a picture.

    Args:
        directory: Where its files go.
        resumed_at: Environment step a run goes on from: what an earlier process wrote of later
            steps is no longer shown.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, directory: Path, resumed_at: int | None = None) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ConfigError(
                "log.tensorboard is on but TensorBoard is not installed: "
                'pip install "dreamer-agent[tensorboard]", or leave the option off.'
            ) from None
        purge_step = None if resumed_at is None else resumed_at + 1
        self._writer = SummaryWriter(str(directory), purge_step=purge_step)

    def write(self, record: Record) -> None:
        """Write one record."""
        for name, value in record.scalars.items():
            self._writer.add_scalar(name, value, record.env_steps)
        for name, path in record.videos.items():
            with Image.open(path) as image:
                image.seek(getattr(image, "n_frames", 1) // 2)
                frame = np.asarray(image.convert("RGB"))
            self._writer.add_image(name, frame, record.env_steps, dataformats="HWC")

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()
