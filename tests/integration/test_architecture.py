"""The rules of the house, read from the sources: who imports whom, one version, no ROM."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "pokered_env": ROOT / "packages/pokered-env/src/pokered_env",
    "dreamer_agent": ROOT / "packages/dreamer-agent/src/dreamer_agent",
    "hybrid_ppo": ROOT / "packages/hybrid-ppo/src/hybrid_ppo",
}
FORBIDDEN = {
    "pokered_env": {"dreamer_agent", "hybrid_ppo", "torch", "stable_baselines3", "wandb"},
    "dreamer_agent": {"pokered_env", "hybrid_ppo", "stable_baselines3", "pyboy"},
    "hybrid_ppo": {"pokered_env", "pyboy"},
}
ONLY_DOOR = {  # a foreign engine is imported in one file only
    "pyboy": "pokered_env/emulator.py",
    "wandb": "dreamer_agent/logging/wandb.py",
}


def imports(path: Path) -> list[str]:
    """Return the dotted names a file imports, wherever in the file it does so."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    files = sorted(PACKAGES[package].rglob("*.py"))
    assert files
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imports(file)
        if name.split(".")[0] in FORBIDDEN[package]
    ]
    assert not wrong


def test_hybrid_uses_only_public_names_of_the_agent() -> None:
    wrong = [
        f"{file.name} imports {name}"
        for file in PACKAGES["hybrid_ppo"].rglob("*.py")
        for name in imports(file)
        if name.startswith("dreamer_agent.")
    ]
    assert not wrong


@pytest.mark.parametrize("engine", ONLY_DOOR)
def test_a_foreign_engine_has_one_door(engine: str) -> None:
    doors = {
        f"{package}/{file.relative_to(root)}"
        for package, root in PACKAGES.items()
        for file in root.rglob("*.py")
        if any(name.split(".")[0] == engine for name in imports(file))
    }
    assert doors == {ONLY_DOOR[engine]}


def test_all_packages_carry_the_same_version() -> None:
    versions = {
        package: re.search(r'__version__ = "(.+)"', (root / "__init__.py").read_text())
        for package, root in PACKAGES.items()
    }
    assert len({match.group(1) for match in versions.values() if match}) == 1


def test_no_game_but_our_own_is_in_the_tree() -> None:
    games = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.gb*")
        if path.suffix in {".gb", ".gbc"}
        and ".hatch" not in path.parts
        and "build" not in path.parts
    ]
    assert games == ["packages/pokered-env/src/pokered_env/data/open_cartridge.gb"]
