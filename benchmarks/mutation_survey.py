"""Change the core one operator at a time and see whether its tests notice; list what they do not.

    python benchmarks/mutation_survey.py --sites 6 --seed 0          # six places of every file
    python benchmarks/mutation_survey.py --sites 0 learning/optim.py # every place of one file

Nothing is written: each mutant lives in a forked process, which runs the tests that matter for its
file until one fails. A survivor is a missing test, or a change that means the same (a faster way, a
message). For systems that can fork.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = Path(__file__).parents[1]
_SOURCE = _ROOT / "packages/dreamer-agent/src/dreamer_agent"
_TESTS = _ROOT / "tests/dreamer_agent"
_FOLDERS = ("learning", "model", "behaviour", "replay")
_PARITY = "learning/test_parity.py"  # one update, compared with published numbers
_WIRING = "learning/test_wiring.py"
_MATTER = {
    "learning/optim": ("learning/test_optim.py", _PARITY),
    "learning/update": (_PARITY, "learning/test_float16.py", _WIRING, "test_agent.py"),
    "model/encoders": ("model/test_encoders.py", "model/test_standardize.py", _PARITY),
    "model/decoders": ("model/test_decoders.py", "model/test_pieces.py", _PARITY),
    "model/open_loop": ("model/test_world_model.py",),
    "model/precision": ("model/test_precision.py", "learning/test_float16.py"),
    "model/rms_norm": ("model/test_rms_norm.py", "model/test_layers.py"),
    "model/stems": ("model/test_encoders.py", "model/test_decoders.py", "test_config.py"),
    "model/tensors": ("model/test_world_model.py", "behaviour/test_actor_critic.py", _PARITY),
    "model": ("model/test_{name}.py", _PARITY, _WIRING),
    "behaviour": ("behaviour/test_{name}.py", _PARITY, _WIRING, "test_switches.py"),
    "replay/chunk": ("replay/test_codec.py", "replay/test_bad_content.py"),
    "replay/codec": ("replay/test_codec.py", "replay/test_bad_content.py"),
    "replay/segments": (
        "replay/test_store.py",
        "replay/test_bad_content.py",
        "replay/test_disk.py",
    ),
    "replay/slots": ("replay/test_disk.py", "replay/test_replay.py"),
    "replay/store": ("replay/test_store.py", "replay/test_replay.py", "replay/test_disk.py"),
    "replay": ("replay/test_replay.py", "replay/test_disk.py", "replay/test_bad_content.py"),
}
"""The tests that matter for a file, the most telling first; for a folder, those of its others."""
_HEAVY = ("torch", "numpy", "gymnasium", "pytest", "hypothesis", "pydantic", "jaxtyping", "PIL")

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def places(tree: ast.Module) -> list[ast.AST]:
    """Nodes of functions that can be changed; annotations, defaults and messages are left out."""
    found: list[ast.AST] = []

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.Raise | ast.arguments | ast.JoinedStr | ast.Assert):
            return
        if inside and any(True for _ in mutants(node)):
            found.append(node)
        is_function = isinstance(node, ast.FunctionDef)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child, inside or is_function)

    visit(tree, False)
    return found


def mutants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what can stand in a node's place."""
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS:
        yield _with(node, op=_SWAPS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
        yield _with(node, ops=[_SWAPS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield _with(node, value=node.value + 1)
    elif isinstance(node, ast.Call) and _swapped(node.func) is not None:
        yield _with(node, func=_swapped(node.func))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("detach", "abs", "clone", "copy") and not node.args:
            yield node.func.value
    elif isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.AugAssign) or _is_call(node):
        yield ast.Pass()


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _swapped(func: ast.expr) -> ast.expr | None:
    if isinstance(func, ast.Name) and func.id in _NAMES:
        return _with(func, id=_NAMES[func.id])
    if isinstance(func, ast.Attribute) and func.attr in _NAMES:
        return _with(func, attr=_NAMES[func.attr])
    return None


def _with(node: Any, **fields: Any) -> Any:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return super().generic_visit(copy.copy(node))


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed syntax tree."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, name: str, *_: Any) -> Any:
        if name != self.name:
            return None
        inner = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        where = {"loader": self, "submodule_search_locations": inner}
        return importlib.util.spec_from_file_location(name, self.path, **where)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


def tests_of(file: Path) -> list[str]:
    """The tests that matter for a file, the most telling first."""
    name = file.relative_to(_SOURCE).with_suffix("")
    keys = (parent.as_posix() for parent in (name, *name.parents))
    matter = next(_MATTER[key] for key in keys if key in _MATTER)
    return [str(_TESTS / test.format(name=file.stem)) for test in matter]


def passes(name: str, path: Path, tree: ast.Module, tests: Sequence[str], limit_s: float) -> bool:
    """Whether the tests pass with this tree for the module; one that hangs does not."""
    child = os.fork()
    if not child:
        _run_tests(_Mutated(name, path, tree), tests)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run_tests(mutated: _Mutated, tests: Sequence[str]) -> None:
    import pytest

    status = 1
    with contextlib.suppress(BaseException):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.meta_path.insert(0, mutated)
        quick = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly"]
        status = int(pytest.main([*quick, *tests]))
    os._exit(status)


def survey(file: Path, sites: int, rng: random.Random) -> dict[str, Any]:
    """Mutate one file; returns how many mutants there were, and the survivors."""
    relative = file.relative_to(_SOURCE)
    name = ".".join(("dreamer_agent", *relative.with_suffix("").parts)).removesuffix(".__init__")
    tree, tests = ast.parse(file.read_text()), tests_of(file)
    started = time.monotonic()
    if not passes(name, file, tree, tests, 3600):
        raise SystemExit(f"{relative}: its tests fail without any change: {' '.join(tests)}")
    limit_s = 10 * (time.monotonic() - started) + 60
    found = places(tree)
    chosen = rng.sample(found, min(sites or len(found), len(found)))
    survivors = []
    for node in sorted(chosen, key=lambda node: (node.lineno, node.col_offset)):  # type: ignore[attr-defined]
        (other,) = mutants(node)
        mutant = ast.fix_missing_locations(_Replace(node, other).visit(tree))
        if passes(name, file, mutant, tests, limit_s):
            line = f"{relative}:{node.lineno}"  # type: ignore[attr-defined]
            survivors.append(f"{line}  {ast.unparse(node)}  →  {ast.unparse(other)}")
            print(survivors[-1], file=sys.stderr, flush=True)
    return {"sites": len(found), "mutants": len(chosen), "survivors": survivors}


def _has_places(file: Path) -> bool:
    return bool(places(ast.parse(file.read_text())))


def main() -> None:
    """Survey the core, or the files named; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="such as model/rssm.py; none: all of the core")
    parser.add_argument("--sites", type=int, default=6, help="places per file; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.chdir(_ROOT)
    for module in _HEAVY:  # once for all mutants
        importlib.import_module(module)
    rng = random.Random(options.seed)
    core = (path for folder in _FOLDERS for path in sorted((_SOURCE / folder).rglob("*.py")))
    files = [_SOURCE / name for name in options.files] or [p for p in core if _has_places(p)]
    counts = {}
    for file in files:
        name = file.relative_to(_SOURCE).as_posix()
        counts[name] = survey(file, options.sites, rng)
        print(f"{name}: {counts[name]['mutants']} mutants", file=sys.stderr, flush=True)
    total = sum(count["mutants"] for count in counts.values())
    killed = total - sum(len(count["survivors"]) for count in counts.values())
    print(json.dumps({"mutants": total, "killed": killed, "files": counts}, ensure_ascii=False))


if __name__ == "__main__":
    main()
