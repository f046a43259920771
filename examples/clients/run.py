"""Try pokered-env with other libraries, each in a virtual environment of its own.

python examples/clients/run.py [sb3_contrib tianshou ...]      all of them if left out

The environments are made in examples/clients/.venvs from the dependencies each script names at its
top, and this checkout's pokered-env; delete the folder to try newer releases. Pip's own settings
count, such as PIP_CONSTRAINT.
"""

import argparse
import re
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "packages/pokered-env"


def dependencies(script: Path) -> list[str]:
    """Return what the script's inline metadata names (PEP 723)."""
    found = re.search(r"^# dependencies = \[(.*)\]$", script.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{script.name} names no dependencies at its top"
    return re.findall(r'"([^"]+)"', found.group(1))


def attempt(script: Path) -> bool:
    """Make the script's environment unless there is one, and run it there."""
    folder = HERE / ".venvs" / script.stem
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--prefer-binary"]
    if not (folder / "ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        install = subprocess.run([*pip, *dependencies(script), "--editable", PACKAGE])
        if install.returncode:
            return False
        (folder / "ready").touch()
    return subprocess.run([python, "-W", "ignore", script], cwd=folder).returncode == 0


def main() -> int:
    """Try those named, and say which failed."""
    scripts = {path.stem.removeprefix("with_"): path for path in sorted(HERE.glob("with_*.py"))}
    parser = argparse.ArgumentParser(description="Try pokered-env with other libraries.")
    parser.add_argument("names", nargs="*", choices=[*scripts, []], metavar="name")
    names = parser.parse_args().names or list(scripts)
    failed = [name for name in names if not attempt(scripts[name])]
    print(f"{len(names) - len(failed)} of {len(names)} work" + f"; not {failed}" * bool(failed))
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
