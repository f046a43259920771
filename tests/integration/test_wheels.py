"""What a user gets from `pip install`: the wheels' contents, built from this tree."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    target = tmp_path_factory.mktemp("wheels")
    for package in sorted((ROOT / "packages").iterdir()):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(command, cwd=package, check=True, capture_output=True)
    return {path.name.split("-")[0]: zipfile.ZipFile(path).namelist() for path in target.iterdir()}


def test_every_wheel_is_typed_and_licensed(wheels: dict[str, list[str]]) -> None:
    assert set(wheels) == {"pokered_env", "dreamer_agent", "hybrid_ppo"}
    for package, names in wheels.items():
        assert f"{package}/py.typed" in names
        assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_environment_wheel_carries_the_open_cartridge_and_its_tables(
    wheels: dict[str, list[str]],
) -> None:
    names = wheels["pokered_env"]
    assert [name for name in names if name.endswith((".gb", ".gbc", ".state"))] == [
        "pokered_env/data/open_cartridge.gb"
    ]
    assert "pokered_env/data/open_cartridge.json" in names
    assert any(name.startswith("pokered_env/data/") and name.endswith(".csv") for name in names)


def test_wheels_hold_nothing_but_their_package(wheels: dict[str, list[str]]) -> None:
    for package, names in wheels.items():
        assert {name.split("/")[0].split("-")[0] for name in names} == {package}
