from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from pokered_env.task.observation import describe_state_layout
from pokered_env.task.rewards import RewardWeights

README = (Path(__file__).parents[2] / "packages/pokered-env/README.md").read_text("utf-8")


def test_the_table_of_the_state_vector_is_the_generated_one() -> None:
    found = re.search(r"<!-- state layout.*?-->\n(.*?)\n<!-- end", README, re.DOTALL)
    assert found is not None
    assert found.group(1) == describe_state_layout()


def test_the_readme_gives_every_reward_its_default_weight() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([−\d., ]+) \|", README, re.MULTILINE)
    weights = {
        name: float(value.replace("−", "-"))
        for names, values in rows
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(", "), strict=True)
    }
    assert weights == asdict(RewardWeights())


def test_the_quick_start_runs() -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    exec(compile(code.replace("range(1000)", "range(20)"), "README.md", "exec"), {})
