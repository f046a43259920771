"""Reading content files: `= HEADER` blocks with line numbers, and the error every reader raises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ContentError(Exception):
    """A mistake in a content file; the message starts with file and line."""


@dataclass(frozen=True)
class Line:
    """One line of a content file and where it stands."""

    text: str
    path: Path
    number: int

    def error(self, problem: str) -> ContentError:
        """Make the error that names this line."""
        return ContentError(f"{self.path.name}:{self.number}: {problem} (line: {self.text!r})")

    @property
    def words(self) -> list[str]:
        """The line's words; a `; comment` at its end is dropped."""
        return self.text.split(" ;")[0].split()


@dataclass(frozen=True)
class Block:
    """A `= HEADER` line and the lines under it, blank ones and comments dropped."""

    header: Line
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        """First word of the header."""
        return self.title.split()[0]

    @property
    def title(self) -> str:
        """The header without its `= `."""
        return self.header.text[2:].strip()


def read_blocks(path: Path) -> list[Block]:
    """Read a file of blocks.

    Raises:
        ContentError: If text stands before the first header.
    """
    blocks: list[tuple[Line, list[Line]]] = []
    for line in read_lines(path):
        if line.text.startswith("= "):
            blocks.append((line, []))
        elif not blocks:
            raise line.error("expected a '= NAME' header first")
        else:
            blocks[-1][1].append(line)
    return [Block(header, tuple(lines)) for header, lines in blocks]


def read_lines(path: Path) -> list[Line]:
    """Read all lines that are neither blank nor `; ` comments."""
    if not path.exists():
        raise ContentError(f"{path}: this content file is missing")
    rows = path.read_text(encoding="utf-8").splitlines()
    lines = [Line(row.rstrip(), path, number) for number, row in enumerate(rows, 1)]
    return [line for line in lines if line.text and not line.text.startswith("; ")]


def number(line: Line, word: str, low: int, high: int) -> int:
    """Read a whole number within bounds.

    Raises:
        ContentError: If it is none, or outside.
    """
    try:
        value = int(word)
    except ValueError:
        raise line.error(f"expected a number, not {word!r}") from None
    if not low <= value <= high:
        raise line.error(f"{value} is outside {low}..{high}")
    return value
