"""How PPO on a world model's features learns the open cartridge: frozen, and co-trained.

python benchmarks/hybrid_curves.py frozen --seed 0 --env-steps 600000 --minutes 60
python benchmarks/hybrid_curves.py cotrained --seed 0 --minutes 60     may be repeated: resumes
python benchmarks/hybrid_curves.py plot       with those of learning_curves.py in the same folder

Settings are examples/hybrid_cartridge.yaml: the world model is made from 20,000 steps of random
play first, whose steps and seconds count. Files, episodes and the evaluation at the end are those
of learning_curves.py.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from curves import COLUMNS, plot
from dreamer_agent import lay_over, read_yaml
from hybrid_ppo import HybridConfig, load_run, train
from learning_curves import AGENTS, Player, evaluate

CONFIG_FILE = Path(__file__).parent.parent / "examples" / "hybrid_cartridge.yaml"
CONFIG = lay_over(HybridConfig(), read_yaml(CONFIG_FILE), str(CONFIG_FILE))
KINDS = ("frozen", "cotrained")


def player_of(run: Path) -> Player:
    """Return the run's policy, which draws its actions, as a player of one environment."""
    _, agent, model = load_run(run)
    state, action = agent.initial_state(1), np.zeros(1, np.int64)

    def act(obs: dict[str, Any], is_first: bool) -> int:
        nonlocal state, action
        batch = {key: np.asarray(value)[None] for key, value in obs.items()}
        state = agent.filter(batch, state, action, np.array([is_first]))
        action, _ = model.predict(agent.features(state).numpy())
        return int(action[0])

    return act


def write_curve(run: Path, path: Path) -> None:
    """Write the run's episodes as learning_curves.py does, random play before it counted in."""
    rows, steps, seconds = [], 0, 0.0
    places = ("pretrain/data", "pretrain/world", ".")
    for place in places:
        before, first, last = seconds, steps, 0.0
        for line in (run / place / "metrics.jsonl").read_text().splitlines():
            record = json.loads(line)
            if "system/seconds" not in record:
                continue
            if record["system/seconds"] < last:  # resumed: the clock began anew
                before = seconds
            last = record["system/seconds"]
            seconds = before + last
            if place != "pretrain/world":  # its steps are stored rows, not new ones
                steps = first + record["env_steps"]
            if "episode/return" in record and place != "pretrain/world":
                values = [record.get(f"episode/{name}", 0.0) for name in COLUMNS]
                rows.append([steps, round(seconds, 1), *(round(value, 3) for value in values)])
    header = ",".join(["env_steps", "seconds", *COLUMNS])
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Train one kind, or draw all there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=(*KINDS, "plot"))
    parser.add_argument("--minutes", type=float, default=60.0, help="of PPO in this process")
    parser.add_argument("--env-steps", type=int, default=600_000, help="of PPO")
    parser.add_argument("--pretrain-steps", type=int, default=CONFIG.pretrain_steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cartridge"))
    options = parser.parse_args()
    if options.what == "plot":
        names = (*AGENTS, *(f"hybrid_{kind}" for kind in KINDS))
        print(json.dumps(plot(options.out, names)))
        return
    torch.set_num_threads(options.threads)
    name = f"hybrid_{options.what}_{options.seed}"
    run = options.out / f"{name}_run"
    config = replace(
        CONFIG,
        run_dir=run,
        seed=options.seed,
        steps=options.env_steps,
        pretrain_steps=options.pretrain_steps,
        stop_after_minutes=options.minutes,
        freeze_world_model=options.what == "frozen",
    )
    train(config, resume=any(run.glob("checkpoints/step_*")))
    write_curve(run, options.out / f"{name}.csv")
    result = evaluate(player_of(run))
    (options.out / f"{name}_eval.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
