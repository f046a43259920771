"""The trainer on the emulator: an interrupted run equals one that never was."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

from dreamer_agent import LogConfig, ReplayConfig, TrainConfig, preset, train


def config(run_dir):
    agent = preset("paper", "xs")
    agent = replace(
        agent,
        rssm=replace(agent.rssm, deter=16, hidden=8, stoch=4, blocks=2),
        image=replace(agent.image, depth=2),
        text=replace(agent.text, embed=16, heads=2, layers=1, out=8),
        imagination=replace(agent.imagination, horizon=3),
    )
    return TrainConfig(
        env="pokered_env:PokeRed-v0",
        env_kwargs={"max_steps": 25},
        num_envs=2,
        run_dir=str(run_dir),
        env_steps=80,
        batch_size=2,
        sequence_length=8,
        replay_ratio=4,
        prefill_steps=30,
        video_every_steps=60,
        threads=1,
        agent=agent,
        replay=ReplayConfig(context_every=4),
        log=LogConfig(every_steps=10),
    )


def metrics(run_dir):
    lines = [json.loads(line) for line in (run_dir / "metrics.jsonl").open()]
    return [
        {k: v for k, v in line.items() if not k.startswith("system/") and k != "dream"}
        for line in lines
    ]


def test_an_interrupted_run_on_the_emulator_equals_one_that_never_was(tmp_path):
    def stop(env_steps, scalars):
        if env_steps >= 40:
            os.kill(os.getpid(), signal.SIGINT)

    whole = train(config(tmp_path / "whole"))
    cut = train(config(tmp_path / "cut"), on_record=stop)
    assert metrics(cut)[-1]["env_steps"] < 80
    train(config(tmp_path / "cut"), resume=True)
    assert metrics(cut) == metrics(whole)
    assert any("open_loop/text/accuracy@1" in line for line in metrics(whole))
    assert any("episode/coverage" in line for line in metrics(whole))
    assert list((whole / "videos").glob("*.webp"))
