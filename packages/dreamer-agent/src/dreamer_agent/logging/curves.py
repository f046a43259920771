"""Curves of a run: what metrics.jsonl holds, as arrays, and drawn with matplotlib."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dreamer_agent.errors import ConfigError, RunDirectoryError

__all__ = ["Curve", "draw_curves", "read_curves"]

_MOST_POINTS = 400
_COPY = ", last frame repeated"
_LINES_APART = 1e2  # lines further apart than this are drawn on a log scale


class Curve(NamedTuple):
    """A number over a run.

    Attributes:
        step: Environment steps (updates, if there was no environment), ``(M,)``.
        value: ``(M,)``; finite.
    """

    step: NDArray[np.float64]
    value: NDArray[np.float64]

    def thinned(self) -> Curve:
        """Return at most some hundred points, means of neighbours."""
        if len(self.step) <= _MOST_POINTS:
            return self
        parts = (np.array_split(values, _MOST_POINTS) for values in self)
        return Curve(*(np.array([part.mean() for part in values]) for values in parts))


def read_curves(metrics: Path) -> dict[str, Curve]:
    """Read every number of a run by name; what is not finite is left out.

    Raises:
        RunDirectoryError: Nothing was logged yet, or a line cannot be read.
    """
    points: dict[str, list[tuple[float, float]]] = {}
    for number, line in enumerate(_lines(metrics), 1):
        try:
            record = json.loads(line)
            step = float(record.pop("env_steps")) or float(record.get("updates", 0.0))
            numbers = {k: float(v) for k, v in record.items() if not isinstance(v, str)}
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError, RecursionError):
            raise RunDirectoryError(
                f"{metrics}, line {number} is not a record: {line[:200]!r}"
            ) from None
        for name, value in numbers.items():
            if np.isfinite(value):
                points.setdefault(name, []).append((step, value))
    if not points:
        raise RunDirectoryError(f"{metrics} holds nothing yet; let the run log a line first.")
    return {name: Curve(*np.array(pairs, np.float64).T) for name, pairs in points.items()}


def draw_curves(curves: Mapping[str, Curve]) -> list[tuple[str, bytes]]:
    """Draw what a run is judged by.

    Returns:
        (title, SVG) of each picture that has something to show.

    Raises:
        ConfigError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError(
            'A report needs matplotlib: pip install "dreamer-agent[report]".'
        ) from None
    pictures = []
    for title, lines in _panels(curves):
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        axes = figure.subplots()
        for name, curve in lines.items():
            dashes = "--" if name.endswith(_COPY) else "-"
            axes.plot(*curve.thinned(), dashes, label=name, lw=1.2, marker=_marker(curve))
        _dress(axes, lines, curves)
        out = io.BytesIO()
        figure.savefig(out, format="svg")
        pictures.append((title, out.getvalue()))
    return pictures


def _panels(curves: Mapping[str, Curve]) -> Iterator[tuple[str, dict[str, Curve]]]:
    """Titles of pictures, and the lines in each."""
    patterns = {
        "Return": r"(episode|eval)/return",
        "Losses": r"loss/.*",
        "Latents (nats)": r"latent/.*",
        "Entropy of the policy (nats)": r"behaviour/entropy",
        "How far learning moves a policy's features": r"drift/(cosine|changed_latents)",
        "Imagined returns and values": r"behaviour/(return|value|return_scale)",
    }
    for title, pattern in patterns.items():
        lines = {name: curve for name, curve in curves.items() if re.fullmatch(pattern, name)}
        if lines:
            yield title, lines
    measures: dict[str, dict[str, Curve]] = {}
    for name, curve in curves.items():
        if match := re.fullmatch(r"open_loop/(.+?)(_copy)?@(\d+)", name):
            label = f"{match[3]} ahead" + (_COPY if match[2] else "")
            measures.setdefault(match[1], {})[label] = curve
    for measure, lines in measures.items():
        yield f"Open loop: {measure}", lines


def _marker(curve: Curve) -> str:
    return "." if len(curve.step) < 30 else ""


def _dress(axes: Any, lines: Mapping[str, Curve], curves: Mapping[str, Curve]) -> None:
    if "eval/return" in lines and {"eval/return_min", "eval/return_max"} <= curves.keys():
        low, high = curves["eval/return_min"], curves["eval/return_max"]
        color = f"C{list(lines).index('eval/return')}"
        axes.fill_between(low.step, low.value, high.value, alpha=0.15, color=color, linewidth=0)
    heights = [abs(float(np.median(curve.value))) for curve in lines.values()]
    if max(heights) > _LINES_APART * max(min(heights), 1e-9):
        axes.set_yscale("symlog", linthresh=max(min(heights), 1e-3))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("environment steps (updates, if there was no environment)", fontsize=8)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def _lines(metrics: Path) -> list[str]:
    try:
        text = metrics.read_text(encoding="utf-8") if metrics.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise RunDirectoryError(f"{metrics} cannot be read: {error}") from None
    return text[: text.rfind("\n") + 1].splitlines()  # a line being written is left for later
