"""The page of what a run survives names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/robustness.md"
TESTS = ROOT / "tests/dreamer_agent"
POINTS = 21

ROWS = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
PROMISES = [row for row in ROWS if not row.startswith("| what ")]


def named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`([\w/]+\.py)::(\w+)`", text)


def test_every_promise_names_a_test() -> None:
    assert len(PROMISES) == POINTS
    assert all(named(row) for row in PROMISES)


@pytest.mark.parametrize("file", sorted({file for file, _ in named("".join(PROMISES))}))
def test_every_test_that_is_named_exists(file: str) -> None:
    functions = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    there = {node.name for node in functions if isinstance(node, ast.FunctionDef)}
    wanted = {test for name, test in named("".join(PROMISES)) if name == file}
    assert wanted <= there, sorted(wanted - there)
