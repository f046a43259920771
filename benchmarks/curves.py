"""Curves of training runs: their CSV, first times of events, and the picture of many."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLUMNS = {
    "return": "return of an episode",
    "num_events": "event flags",
    "coverage": "tiles stood on",
    "badges": "badges",
}
SUMMARY_KEYS = ("reward", "num_events", "coverage", "badges")
POINTS = 200
"""Places along an axis that curves of several seeds are compared at."""


class Curve:
    """Rows of (environment steps, seconds, means of episodes), and first times of events.

    A curve that is there already goes on: its seconds count on from the last row.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._events_path = path.with_suffix(".json")
        self._first_steps: dict[str, int] = {}
        before = _read(path)["seconds"] if path.exists() else []
        if self._events_path.exists():
            self._first_steps = json.loads(self._events_path.read_text())
        self._start = time.monotonic() - (before[-1] if before else 0.0)
        self._file = path.open("a", newline="")
        self._writer = csv.writer(self._file)
        if not before:
            self._writer.writerow(["env_steps", "seconds", *COLUMNS])

    def add(self, env_steps: int, row: Sequence[float]) -> None:
        """Append the means of the episodes that ended by now."""
        seconds = round(time.monotonic() - self._start, 1)
        self._writer.writerow([env_steps, seconds, *(round(value, 3) for value in row)])
        self._file.flush()

    def add_summaries(self, env_steps: int, summaries: Sequence[Mapping[str, Any]]) -> None:
        """Append the means of what the environment said of its episodes."""
        self.add(env_steps, [float(np.mean([s[key] for s in summaries])) for key in SUMMARY_KEYS])
        for summary in summaries:
            for name in summary["events"]:
                self._first_steps.setdefault(name, env_steps)
        self._events_path.write_text(json.dumps(self._first_steps, indent=1) + "\n")


def plot(out: Path, agents: Sequence[str]) -> dict[str, Any]:
    """Draw what there is, and return the mean of each agent's last quarter, over its seeds."""
    curves = {name: [_read(path) for path in sorted(out.glob(f"{name}_*.csv"))] for name in agents}
    curves = {name: runs for name, runs in curves.items() if runs}
    figure, axes = plt.subplots(2, len(COLUMNS), figsize=(4.2 * len(COLUMNS), 7))
    for row, axis_name, unit in ((0, "env_steps", 1.0), (1, "seconds", 60.0)):
        for axis, (column, label) in zip(axes[row], COLUMNS.items(), strict=True):
            for name, runs in curves.items():
                _draw(axis, name, runs, axis_name, column, unit)
            axis.set(title=label, ylim=(0, None))
            axis.set_xlabel("environment steps" if unit == 1 else "minutes")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(out / "learning_curves.png", dpi=100)
    return {name: {"seeds": len(runs), **_last_quarter(runs)} for name, runs in curves.items()}


def _draw(
    axis: Any, name: str, runs: list[dict[str, list[float]]], along: str, column: str, unit: float
) -> None:
    last = min(run[along][-1] for run in runs)
    places = np.linspace(0, last, POINTS)
    values = np.array([np.interp(places, run[along], _smooth(run[column])) for run in runs])
    (line,) = axis.plot(places / unit, np.median(values, 0), label=name)
    axis.fill_between(
        places / unit, values.min(0), values.max(0), color=line.get_color(), alpha=0.2
    )


def _read(path: Path) -> dict[str, list[float]]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    names = ("env_steps", "seconds", *COLUMNS)
    return {name: [float(row[name]) for row in rows] for name in names}


def _smooth(values: Sequence[float], width: int = 5) -> list[float]:
    return [float(np.mean(values[max(0, i + 1 - width) : i + 1])) for i in range(len(values))]


def _last_quarter(runs: list[dict[str, list[float]]]) -> dict[str, float]:
    def median(name: str) -> float:
        means = [np.mean(run[name][len(run[name]) * 3 // 4 :]) for run in runs]
        return round(float(np.median(means)), 2)

    return {
        "env_steps": min(run["env_steps"][-1] for run in runs),
        **{n: median(n) for n in COLUMNS},
    }
