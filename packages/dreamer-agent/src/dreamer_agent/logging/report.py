"""A run as one page of HTML that needs nothing else: curves, the last dream, figures, settings."""

from __future__ import annotations

import base64
import html
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.logging.curves import Curve, draw_curves, read_curves
from dreamer_agent.run_dir.directory import RunDirectory

__all__ = ["render_report", "write_report"]

_PACKAGES = ("dreamer-agent", "torch", "numpy", "gymnasium")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
h1, h2 { font-weight: 600; } td { padding: 0 1.5em 0 0; } .dream { image-rendering: pixelated; }
img { max-width: 100%; } pre { background: #f4f4f4; padding: 1em; overflow-x: auto; }
"""


def write_report(run: Path, out: Path | None = None) -> Path:
    """Write a run's page.

    Args:
        run: Its directory.
        out: Where; ``RUN/report.html`` if left out.

    Returns:
        The page's path.

    Raises:
        RunDirectoryError: There is no run, it has logged nothing yet, or ``out`` is unwritable.
        ConfigError: Matplotlib is not installed.
    """
    directory = RunDirectory(run)
    directory.require()
    page = render_report(directory)
    out = out or run / "report.html"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunDirectoryError(f"Cannot write {out}: {error.strerror}.") from None
    return out


def render_report(run: RunDirectory) -> str:
    """Return the page of a run as HTML; pictures are inside it as data.

    Raises:
        RunDirectoryError: The run has logged nothing yet.
        ConfigError: Matplotlib is not installed.
    """
    curves = read_curves(run.metrics)
    pictures = draw_curves(curves)
    dreams = sorted(run.videos.glob("*.webp"), key=lambda path: path.stat().st_mtime)
    parts = [
        f"<h1>{html.escape(run.path.resolve().name)}</h1>",
        _table(_figures(curves)),
        *(f"<h2>{html.escape(title)}</h2>{_image(svg, 'svg+xml')}" for title, svg in pictures),
    ]
    if dreams:
        picture = _image(dreams[-1].read_bytes(), "webp")
        parts.append(f"<h2>Dream ({html.escape(dreams[-1].name)})</h2>{picture}")
    parts.append(
        f"<h2>Configuration</h2><pre>{html.escape(run.config.read_text('utf-8', 'replace'))}</pre>"
    )
    parts.append(f"<h2>Versions (of this report)</h2>{_table(_versions())}")
    head = f'<meta charset="utf-8"><title>{html.escape(run.path.name)}</title>'
    return f"<!doctype html><html><head>{head}<style>{_STYLE}</style></head><body>" + (
        "\n".join(parts) + "</body></html>\n"
    )


def wall_seconds(curve: Curve) -> float:
    """Add up the processes of a run: ``system/seconds`` begins anew when it is resumed."""
    seconds = curve.value
    ends = np.append(seconds[1:] < seconds[:-1], True)
    return float(seconds[ends].sum())


def _figures(curves: Mapping[str, Curve]) -> dict[str, str]:
    steps = max(float(curve.step[-1]) for curve in curves.values())
    figures = {"environment steps": f"{steps:,.0f}"}
    if "updates" in curves:
        figures["updates"] = f"{curves['updates'].value[-1]:,.0f}"
    if "system/seconds" in curves:
        figures["wall time"] = f"{wall_seconds(curves['system/seconds']) / 60:.1f} minutes"
    for name in ("episode/return", "eval/return"):
        if name in curves:
            curve = curves[name]
            best = int(np.argmax(curve.value))
            figures[name] = (
                f"{curve.value[-1]:.2f} last, {curve.value[best]:.2f} best "
                f"(at step {curve.step[best]:,.0f})"
            )
    return figures


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def _table(rows: Mapping[str, str]) -> str:
    cells = (
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def _image(data: bytes, kind: str) -> str:
    return f'<img alt="" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'
