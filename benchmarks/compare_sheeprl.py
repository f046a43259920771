"""Our update against sheeprl 0.8.4's dreamer_v3: seconds, CPU seconds, peak memory, and ratios.

python benchmarks/compare_sheeprl.py --encoder tile --rounds 3

Both at the same widths, batch and length, on random pictures of 64 x 64 x 1, each measurement in a
fresh process, the two in turns; medians. sheeprl gets a virtual environment of its own, made at the
first run (--venv). The last line is JSON; a ratio below 1 means that ours needs less.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

SHEEPRL = "sheeprl==0.8.4"
HERE = Path(__file__).parent
FIGURES = ("seconds_per_update", "cpu_seconds", "peak_rss_mb")


def sheeprl_python(directory: Path) -> Path:
    """Return the interpreter of sheeprl's environment, making it if it is not there."""
    python = directory / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        print(f"Making {directory} with {SHEEPRL} …", file=sys.stderr)
        venv.create(directory, with_pip=True)
        import torch  # the same build on both sides

        torch_version = torch.__version__.split("+")[0]
        for what in (f"torch=={torch_version}", SHEEPRL):
            subprocess.run([python, "-m", "pip", "install", "--quiet", what], check=True)
    return python


def run(python: str | Path, script: str, flags: list[str]) -> dict[str, Any]:
    """Run a benchmark in a process of its own, and return its last line."""
    command = [python, HERE / script, *flags]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(result.stdout.splitlines()[-1]))


def medians(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of every figure, and the number of parameters."""
    values = {name: [one[name] for one in measured] for name in FIGURES}
    figures = {name: round(statistics.median(of), 3) for name, of in values.items()}
    return {**figures, "params": measured[0]["params"]}


def main() -> None:
    """Measure both in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="tile", choices=("tile", "nature", "cnn2023"))
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--updates", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--venv", type=Path, default=HERE / "results" / "sheeprl-venv")
    options = parser.parse_args()
    names = ("batch", "length", "updates", "threads")
    flags = [part for name in names for part in (f"--{name}", str(getattr(options, name)))]
    own = ["--size", "matched", "--encoder", options.encoder, "--precision", options.precision]
    peer_precision = {"float32": "32-true", "bfloat16": "bf16-mixed"}[options.precision]
    peer = sheeprl_python(options.venv)
    ours, theirs = [], []
    for number in range(options.rounds):
        ours.append(run(sys.executable, "update_speed.py", [*own, *flags]))
        theirs.append(run(peer, "sheeprl_update.py", ["--precision", peer_precision, *flags]))
        print(f"round {number + 1}: {ours[-1]} against {theirs[-1]}", file=sys.stderr)
    result = {"ours": medians(ours), "sheeprl": medians(theirs)}
    ratios = {name: round(result["ours"][name] / result["sheeprl"][name], 3) for name in FIGURES}
    print(json.dumps({"encoder": options.encoder, **result, "ratio": ratios}))


if __name__ == "__main__":
    main()
