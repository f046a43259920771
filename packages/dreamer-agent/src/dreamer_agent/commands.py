"""What `dreamer eval`, `dream`, `export` and `bench` do, and print."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dreamer_agent.agent import Agent
from dreamer_agent.dream.frames import save_dream_file, save_frames
from dreamer_agent.dream.panels import decode_text
from dreamer_agent.dream.sequences import (
    dream,
    first_rows,
    modality_names,
    most_to_see,
    pick_sequences,
)
from dreamer_agent.dream.world_metrics import HorizonErrors, open_loop_errors, select_horizons
from dreamer_agent.errors import ConfigError, EnvError
from dreamer_agent.export import export_features
from dreamer_agent.model.open_loop import OpenLoop
from dreamer_agent.presets import Size, preset
from dreamer_agent.replay import Replay
from dreamer_agent.run_dir.loading import check_rows, load, load_run, open_rows, split_run_path
from dreamer_agent.run_dir.run_config import load_run_config
from dreamer_agent.run_dir.train_config import TrainConfig
from dreamer_agent.training.evaluate import evaluate
from dreamer_agent.training.recording import Recording, read_recording

__all__ = ["bench", "dream_run", "evaluate_run", "export_run"]

_HORIZONS = (1, 5, 15, 45)
_MOST_FRAMES = 3000
_MAX_TEXTS, _MAX_CHARACTERS = 12, 60


def evaluate_run(
    run: Path,
    episodes: int,
    mode: str,
    seed: int,
    env: str | None,
    num_envs: int,
    video: Path | None = None,
    trust: bool = False,
) -> None:
    """Play episodes with a run's newest checkpoint; the last line printed is JSON."""
    console = Console(stderr=True)
    if video and video.suffix not in (".webp", ".gif"):
        raise ConfigError(f"--video {video}: choose a name ending in .webp or .gif.")
    loaded = load_run(
        run,
        env=env,
        num_envs=min(num_envs, episodes),
        seed=seed,
        render=bool(video),
        trust=trust,
        say=lambda told: console.print(told, highlight=False, markup=False, soft_wrap=True),
    )
    frames: list[Any] = []

    with console.status("playing …") as status:

        def on_step(done: int, steps: int) -> None:
            status.update(f"{done}/{episodes} episodes, {steps:,} steps")
            if video and not done and len(frames) < _MOST_FRAMES:
                frames.append(_render(loaded.rows.env, str(run)))

        result = evaluate(loaded.agent, loaded.rows, episodes, mode, on_step)
    if video:
        save_frames([Image.fromarray(frame) for frame in frames], video, _fps(loaded.rows.env))
        console.print(f"video → {video}")
    loaded.rows.env.close()
    for number, (score, length) in enumerate(zip(result.scores, result.lengths, strict=True)):
        console.print(f"episode {number + 1:3d}  return {score:10.2f}  length {length:6d}")
    print(json.dumps({"step": loaded.step, "episodes": episodes, **result.scalars("")}))


def _render(env: Any, where: str) -> Any:
    try:
        frame = env.render()[0]
    except gym.error.Error as error:
        raise EnvError(f"The environment of {where} cannot be filmed: {error}") from None
    if not isinstance(frame, np.ndarray):
        raise EnvError(f"The environment of {where} has no render mode rgb_array; omit --video.")
    return frame


def _fps(env: Any) -> float:
    return float(env.metadata.get("render_fps") or 30)


def dream_run(
    run: Path, out: Path | None, replay: Path | None, context: int, horizon: int, sequences: int
) -> None:
    """Write a dream video, print predicted texts and open-loop errors by horizon."""
    console = Console(stderr=True)
    directory, saved = split_run_path(run)
    out = out or directory.videos / f"dream_{saved.name}.webp"
    if out.suffix not in (".webp", ".gif", ".png"):
        raise ConfigError(f"--out {out}: choose a name ending in .webp, .gif or .png.")
    agent, stored, recording = _agent_and_replay(run, replay)
    batch = pick_sequences(stored, sequences, context, horizon)
    with console.status("dreaming …"):
        result = dream(agent, batch, min(context, batch.shape[1] - 1))
    names = modality_names(agent)
    alphabets = recording.metadata.get("alphabets") or {}
    index, length = most_to_see(batch, result.context_steps)
    shown = first_rows(result, length)
    save_dream_file(shown, out, names, alphabets, index)
    _print_texts(console, shown, index, names, alphabets)
    errors = open_loop_errors(result, names, batch.is_first, recording.metadata.get("fields"))
    _print_errors(console, errors)
    console.print(f"video → {out}")
    figures = {name: round(value, 6) for name, value in select_horizons(errors, _HORIZONS).items()}
    print(json.dumps({"video": str(out), "sequences": batch.shape[0], **figures}))


def export_run(run: Path, out: Path, replay: Path | None) -> None:
    """Write features of all stored rows to an .npz file."""
    if out.suffix != ".npz":
        raise ConfigError(f"--out {out}: choose a name ending in .npz.")
    agent, stored, _ = _agent_and_replay(run, replay)
    with Console(stderr=True).status(f"filtering {stored.stats().rows:,} rows …"):
        table = export_features(agent, stored)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        np.savez(out, **table)  # type: ignore[arg-type]
    except OSError as error:
        raise ConfigError(f"Cannot write {out}: {error.strerror}.") from None
    rows, size = table["features"].shape
    print(json.dumps({"file": str(out), "rows": rows, "feature_size": size}))


def bench(env: str, size: Size, batch_size: int, sequence_length: int, updates: int) -> None:
    """Time acting, sampling and updating; the last line printed is JSON."""
    if min(batch_size, sequence_length, updates) < 1:
        raise ConfigError("--batch-size, --sequence-length and --updates must be at least 1.")
    config = TrainConfig(env=env, agent=preset("paper", size))
    rows = open_rows(config, 1, 0)
    agent = Agent(
        rows.observation_space, rows.action_space, config.agent, modalities=rows.modalities
    )
    replay = Replay.for_spaces(
        rows.observation_space,
        rows.action_space,
        batch_size=batch_size,
        sequence_length=sequence_length,
    )
    figures: dict[str, Any] = {"env": env, "parameters": agent.num_parameters}
    figures["env_step_ms"], figures["act_ms"] = _time_playing(agent, rows, replay)
    figures["sample_ms"] = _median_ms(replay.sample, max(5, updates))
    batch = replay.sample()
    agent.update(batch)
    figures["update_ms"] = _median_ms(lambda: agent.update(batch), updates)
    figures["replay_bytes_per_row"] = round(replay.stats().bytes_per_row, 1)
    rows.env.close()
    replay.close()
    print(json.dumps(figures))


def _agent_and_replay(run: Path, replay: Path | None) -> tuple[Agent, Replay, Recording]:
    directory, _ = split_run_path(run)
    place = replay or directory.replay
    recording = read_recording(place)
    agent = load(
        run,
        recording.observation_space,
        recording.action_space,
        modalities=recording.metadata.get("modalities"),
    )
    config = load_run_config(directory.config)
    stored = Replay.open(place, 1, config.sequence_length, config.replay)
    check_rows(stored, place)
    return agent, stored, recording


def _print_texts(
    console: Console, result: OpenLoop, index: int, modalities: dict[str, str], alphabets: Any
) -> None:
    for key in (name for name, modality in modalities.items() if modality == "tokens"):
        truth, predicted = (values[index] for values in result.observations[key])
        table = Table("ahead", "real", "predicted", title=key)
        shown: tuple[str, ...] = ()
        for t in range(result.context_steps, len(truth)):
            pair = tuple(_one_line(ids[t], alphabets.get(key)) for ids in (truth, predicted))
            if pair != shown and any(pair) and table.row_count < _MAX_TEXTS:
                # as Text: what a model writes may look like markup
                table.add_row(str(t - result.context_steps + 1), *map(Text, pair))
            shown = pair
        if table.row_count:
            console.print(table)


def _one_line(ids: NDArray[Any], alphabet: Any) -> str:
    text = " / ".join(decode_text(ids, alphabet).split("\n"))
    return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 1] + "…"


def _print_errors(console: Console, errors: HorizonErrors) -> None:
    longest = max(len(values) for values in errors.values())
    horizons = [horizon for horizon in _HORIZONS if horizon <= longest]
    columns = [f"{horizon} ahead" for horizon in horizons]
    table = Table("open loop", *columns, title="errors by horizon")
    for name, values in errors.items():
        table.add_row(name, *(f"{values[horizon - 1]:.4g}" for horizon in horizons))
    console.print(table)


def _time_playing(agent: Agent, rows: Any, replay: Replay, steps: int = 300) -> tuple[float, float]:
    env_s: list[float] = []
    act_s: list[float] = []
    state = agent.initial_state(1)
    for index, row in rows.first_rows():
        replay.add(row, index)
    while len(env_s) < steps or not replay.can_sample():
        start = time.perf_counter()
        actions, state = agent.act(rows.obs, state, rows.is_first)
        middle = time.perf_counter()
        new_rows, _ = rows.step(actions)
        act_s.append(middle - start)
        env_s.append(time.perf_counter() - middle)
        for index, row in new_rows:
            replay.add(row, index)
    return _milliseconds(env_s), _milliseconds(act_s)


def _median_ms(work: Any, times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return _milliseconds(seconds)


def _milliseconds(seconds: list[float]) -> float:
    return round(1000 * float(np.median(seconds)), 3)
