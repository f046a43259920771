"""The rules of the house: one version, a line on every folder's door, no ROM.

Who may import whom is a contract in the root pyproject.toml, checked by `lint-imports`.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "pokered_env": ROOT / "packages/pokered-env/src/pokered_env",
    "dreamer_agent": ROOT / "packages/dreamer-agent/src/dreamer_agent",
    "hybrid_ppo": ROOT / "packages/hybrid-ppo/src/hybrid_ppo",
}


def test_all_packages_carry_the_same_version() -> None:
    versions = {
        package: re.search(r'__version__ = "(.+)"', (root / "__init__.py").read_text())
        for package, root in PACKAGES.items()
    }
    assert len({match.group(1) for match in versions.values() if match}) == 1


def test_every_folder_says_at_its_door_what_it_knows() -> None:
    silent = [
        path.parent.relative_to(ROOT).as_posix()
        for root in PACKAGES.values()
        for path in root.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_every_import_contract_holds() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_no_game_but_our_own_is_in_the_tree() -> None:
    games = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.gb*")
        if path.suffix in {".gb", ".gbc"}
        and ".hatch" not in path.parts
        and "build" not in path.parts
    ]
    assert games == ["packages/pokered-env/src/pokered_env/data/open_cartridge.gb"]
