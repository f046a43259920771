"""What a person sees while a run works: a live panel, or plain lines where there is no terminal."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dreamer_agent.logging.record import Record

__all__ = ["Status", "Terminal"]

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_EVERY_S = 10.0
_LOSSES = ("dyn", "rep", "reward", "continue", "actor", "critic")


@dataclass
class Status:
    """What the run is at, changed in place by the trainer.

    Attributes:
        phase: One word or two, e.g. ``learning``.
        env_steps: Environment steps done, of ``total_steps``.
        updates: Updates done.
        fraction: Progress in [0, 1], by steps or by time, whichever ends the run first.
        seconds_left: Estimate; None while unknown.
        scores: Returns of the last episodes.
        lengths: Lengths of the last episodes.
        evaluation: Last evaluation as text.
        saved_at: ``time.monotonic()`` of the last checkpoint.
        saved_step: Its environment step.
        replay: Replay size as text.
    """

    phase: str = "starting"
    env_steps: int = 0
    total_steps: int = 1
    updates: int = 0
    fraction: float = 0.0
    seconds_left: float | None = None
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=200))
    lengths: deque[int] = field(default_factory=lambda: deque(maxlen=200))
    evaluation: str = ""
    saved_at: float | None = None
    saved_step: int = 0
    replay: str = ""


class Terminal:
    """Shows a run; also a log sink.

    Args:
        title: The environment and the model, in a few words.
        subtitle: Where the run is written.
        console: Where to print; a terminal gets the live panel, a file plain lines.
    """

    def __init__(self, title: str, subtitle: str, console: Console | None = None) -> None:
        self.status = Status()
        self._title, self._subtitle = title, subtitle
        self._console = console or Console(file=cast(IO[str], _Stdout(sys.stdout)))
        self._scalars: dict[str, float] = {}
        self._printed_at = 0.0
        self._live = (
            Live(
                get_renderable=self._panel,
                console=self._console,
                refresh_per_second=4,
                transient=False,
            )
            if self._console.is_terminal
            else None
        )

    def start(self) -> None:
        """Begin to show."""
        if self._live:
            self._live.start()
        else:
            header = f"{self._title} → {self._subtitle}"
            self._console.print(header, highlight=False, soft_wrap=True, markup=False)

    def say(self, message: str, style: str = "") -> None:
        """Print a line that stays, above the panel."""
        clock = time.strftime("%H:%M:%S")
        line = Text.assemble((f"{clock}  ", "dim"), (message, style))
        self._console.print(line, soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table that stays, above the panel; cells are text, not markup."""
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)

    def warn(self, message: str) -> None:
        """Print a warning."""
        self.say(f"Warning: {message}", "yellow")

    def write(self, record: Record) -> None:
        """Show the newest numbers."""
        self._scalars.update(record.scalars)
        for name, path in record.videos.items():
            self.say(f"{name} → {path}")
        if self._live is None and time.monotonic() - self._printed_at >= _PLAIN_EVERY_S:
            self._printed_at = time.monotonic()
            self._console.print(self._line(), highlight=False, soft_wrap=True, markup=False)

    def close(self) -> None:
        """Stop showing; the last panel stays on the screen."""
        if self._live and self._live.is_started:
            self._live.stop()

    def _line(self) -> str:
        status = self.status
        parts = [
            f"{status.env_steps:,}/{status.total_steps:,} steps",
            f"{status.updates:,} updates",
            f"return {_mean(status.scores, 10):.1f}" if status.scores else "",
            self._losses(),
            self._speed(),
            f"{_clock(status.seconds_left)} left",
        ]
        return f"[{status.phase}] " + " · ".join(part for part in parts if part)

    def _panel(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for name, value in self._facts():
            if value:
                table.add_row(name, value)
        return Panel(
            Group(self._progress(), Text(), table),
            title=Text(self._title, style="bold"),
            subtitle=Text(f"{self._subtitle} · Ctrl-C saves and stops", style="dim"),
            border_style="cyan",
            padding=(1, 2),
        )

    def _progress(self) -> RenderableType:
        status = self.status
        row = Table.grid(padding=(0, 2), expand=True)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        row.add_column(no_wrap=True, justify="right")
        row.add_row(
            Text(status.phase, style="bold cyan"),
            ProgressBar(total=1.0, completed=min(1.0, status.fraction)),
            f"{status.env_steps:,} of {status.total_steps:,} steps · "
            f"{_clock(status.seconds_left)} left",
        )
        return row

    def _facts(self) -> list[tuple[str, RenderableType | str]]:
        status = self.status
        return [
            ("return", self._returns()),
            ("evaluation", status.evaluation),
            ("losses", self._losses()),
            ("latent", self._named("latent/", ("kl", "posterior_entropy", "prior_entropy"))),
            ("policy", self._named("behaviour/", ("entropy", "value", "return_scale"))),
            ("speed", self._speed()),
            ("replay", status.replay),
            ("saved", self._saved()),
        ]

    def _returns(self) -> RenderableType | str:
        scores = self.status.scores
        if not scores:
            return Text("no episode has ended yet", style="dim")
        return Text.assemble(
            (f"{_mean(scores, 10):.1f}", "bold green"),
            f" last 10 · best {max(scores):.1f} · length {_mean(self.status.lengths, 10):.0f}  ",
            (sparkline(scores), "green"),
        )

    def _losses(self) -> str:
        names = [name for name in self._scalars if name.startswith("loss/")]
        short = [name.removeprefix("loss/") for name in names]
        ordered = [name for name in short if name not in _LOSSES]
        ordered += [name for name in _LOSSES if name in short]
        return " ".join(f"{name} {_short(self._scalars['loss/' + name])}" for name in ordered)

    def _named(self, prefix: str, names: Sequence[str]) -> str:
        known = [(name, self._scalars.get(prefix + name)) for name in names]
        return " ".join(
            f"{name.replace('_', ' ')} {_short(value)}"
            for name, value in known
            if value is not None
        )

    def _speed(self) -> str:
        steps = self._scalars.get("system/env_steps_per_s")
        if steps is None:
            return ""
        updates = self._scalars.get("system/updates_per_s", 0.0)
        return f"{_short(steps)} steps/s, {_short(updates)} updates/s"

    def _saved(self) -> str:
        if self.status.saved_at is None:
            return ""
        ago = time.monotonic() - self.status.saved_at
        return f"step {self.status.saved_step:,}, {_clock(ago)} ago"


class _Stdout:
    """Standard output; when its reader or terminal has gone, what is written is dropped.

    What its encoding cannot say (a file on Windows, a terminal of ASCII) is written as ``?``.
    """

    def __init__(self, stream: Any) -> None:
        self._stream, self._has_reader = stream, True

    def write(self, text: str) -> int:
        if self._has_reader:
            try:
                self._stream.write(self._sayable(text))
            except OSError:
                self._drop()
        return len(text)

    def _sayable(self, text: str) -> str:
        encoding = self._stream.encoding or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)

    def flush(self) -> None:
        if self._has_reader:
            try:
                self._stream.flush()
            except OSError:
                self._drop()

    def _drop(self) -> None:
        self._has_reader = False
        with suppress(OSError, ValueError):  # Python flushes once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """Draw values as a row of bars, averaging neighbours to fit ``width``."""
    values = list(values)
    size = -(-len(values) // width)
    means = [_mean(values[i : i + size], size) for i in range(0, len(values), size)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[int((value - low) * scale)] for value in means)


def _mean(values: Sequence[float] | deque[float] | deque[int], last: int) -> float:
    tail = list(values)[-last:]
    return sum(tail) / len(tail)


def _short(value: float) -> str:
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}" if size >= 0.001 or value == 0 else f"{value:.0e}"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
