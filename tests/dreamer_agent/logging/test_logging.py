"""Each sink writes what it was given; none of them can stop a run."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from dreamer_agent.errors import ConfigError
from dreamer_agent.logging import Logger, Record
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.open import open_sinks
from dreamer_agent.logging.tensorboard import TensorBoardSink
from dreamer_agent.logging.terminal import Terminal, sparkline
from dreamer_agent.logging.wandb import WandbSink
from dreamer_agent.run_dir.train_config import LogConfig
from PIL import Image
from rich.console import Console

SCALARS = {"loss/reward": 0.5, "episode/return": 12.0, "system/env_steps_per_s": 30.0}


@pytest.fixture
def video(tmp_path):
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 255, (8, 9, 3), np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / "v.webp", save_all=True, append_images=frames[1:], lossless=True)
    return tmp_path / "v.webp"


def test_jsonl_keeps_every_record(tmp_path):
    sink = JsonlSink(tmp_path / "m.jsonl")
    logger = Logger(sink)
    logger.write(10, SCALARS)
    logger.write(20, {"loss/reward": 0.25}, {"dream": tmp_path / "d.webp"})
    logger.close()
    with pytest.raises(ValueError, match="closed"):
        sink.write(Record(30, SCALARS))
    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert lines[0] == {"env_steps": 10, **SCALARS}
    assert lines[1]["env_steps"] == 20 and lines[1]["dream"].endswith("d.webp")


def test_jsonl_is_cut_back_to_the_checkpoint_when_resuming(tmp_path):
    sink = JsonlSink(tmp_path / "m.jsonl")
    sink.write(Record(10, SCALARS))
    position = sink.position
    sink.write(Record(20, SCALARS))
    sink.close()
    again = JsonlSink(tmp_path / "m.jsonl", position)
    again.write(Record(30, SCALARS))
    again.close()
    steps = [json.loads(line)["env_steps"] for line in (tmp_path / "m.jsonl").open()]
    assert steps == [10, 30]


@pytest.mark.parametrize("damage", ["bit", "cut"])
def test_jsonl_that_changed_since_the_checkpoint_is_said_and_appended_to(tmp_path, damage):
    path = tmp_path / "metrics.jsonl"
    sink = JsonlSink(path)
    for step in range(5):
        sink.write(Record(step, {"loss": step / 3}))
    noted = {"position": sink.position, "sha256": sink.sha256}
    sink.write(Record(5))
    sink.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        JsonlSink(path, **noted).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:40] if damage == "cut" else whole.replace(b"0.3", b"0.4"))
    with pytest.warns(UserWarning, match=r"metrics\.jsonl is not what it was"):
        sink = JsonlSink(path, **noted)
    sink.write(Record(6))
    assert path.read_bytes().endswith(b'{"env_steps": 6}\n')


def test_a_disk_that_takes_no_more_lines_is_one_error_and_leaves_whole_lines(tmp_path):
    script = """
import resource, sys
from pathlib import Path
from dreamer_agent.errors import RunDirectoryError
from dreamer_agent.logging.jsonl import JsonlSink
from dreamer_agent.logging.record import Record
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sink = JsonlSink(Path(sys.argv[1]))
try:
    for step in range(1000):
        sink.write(Record(step))
except RunDirectoryError as error:
    sink.close()
    sys.exit(str(error))
"""
    path = tmp_path / "metrics.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert "Cannot write" in done.stderr and "Traceback" not in done.stderr
    steps = [json.loads(line)["env_steps"] for line in path.read_text().splitlines()]
    assert steps == list(range(len(steps))) and 900 < path.stat().st_size <= 1000


def test_tensorboard_can_be_read_back(tmp_path, video):
    sink = TensorBoardSink(tmp_path / "tb")
    sink.write(Record(10, SCALARS, {"dream": video}))
    sink.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tb"))
    events.Reload()
    (point,) = events.Scalars("loss/reward")
    assert point.step == 10 and point.value == 0.5
    assert len(events.Images("dream")) == 1


def test_tensorboard_shows_no_step_twice_after_a_kill(tmp_path):
    for resumed_at, steps in ((None, (10, 20, 30)), (20, (30, 40))):
        sink = TensorBoardSink(tmp_path / "tb", resumed_at)
        for step in steps:
            sink.write(Record(step, SCALARS))
        sink._writer.flush()  # never closed: killed
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tb"))
    events.Reload()
    assert [point.step for point in events.Scalars("loss/reward")] == [10, 20, 30, 40]


def test_wandb_works_offline_and_keeps_its_files_in_the_run(tmp_path, video):
    sink = WandbSink("offline", tmp_path, "p", "n", {"seed": 1})
    sink.write(Record(10, SCALARS, {"dream": video}))
    sink.write(Record(5, SCALARS))  # out of order must not matter
    sink.close()
    assert list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert sink.run_id


def test_a_failed_wandb_login_falls_back_to_offline_with_one_warning(tmp_path, monkeypatch):
    for name in ("WANDB_API_KEY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "2")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        sink = WandbSink("online", tmp_path, "p", "n", {})
        sink.write(Record(10, SCALARS))
        sink.close()
    ours = [w for w in caught if "Weights & Biases is not available" in str(w.message)]
    assert len(ours) == 1 and "wandb sync" in str(ours[0].message)


def test_neither_wandb_nor_tensorboard_is_imported_by_training():
    code = (
        "import sys, dreamer_agent.training.trainer; "
        "assert not {'wandb', 'tensorboard', 'torch.utils.tensorboard'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def terminal(interactive):
    out = io.StringIO()
    console = Console(file=out, force_terminal=interactive, width=100, color_system=None)
    return Terminal("dreamer · Env-v0", "runs/x", console), out


def test_the_live_panel_shows_progress_returns_losses_and_what_was_said():
    display, out = terminal(interactive=True)
    display.start()
    status = display.status
    status.phase, status.env_steps, status.total_steps = "learning", 500, 1000
    status.fraction, status.seconds_left = 0.5, 75.0
    status.scores.extend([1.0, 2.0, 30.0])
    status.lengths.extend([1, 2, 3])
    display.write(Record(500, SCALARS))
    display.say("a dream was written")
    display.close()
    text = out.getvalue()
    for part in ("learning", "500 of 1,000 steps", "1:15 left", "best 30.0", "reward 0.500"):
        assert part in text
    assert "a dream was written" in text and "Ctrl-C saves and stops" in text


def test_without_a_terminal_plain_lines_are_written():
    display, out = terminal(interactive=False)
    display.start()
    display.status.env_steps, display.status.total_steps = 10, 20
    display.write(Record(10, SCALARS))
    display.warn("watch out")
    display.close()
    lines = out.getvalue().splitlines()
    assert lines[0] == "dreamer · Env-v0 → runs/x"
    assert lines[1].startswith("[starting] 10/20 steps") and "Warning: watch out" in lines[2]


def test_a_sparkline_fits_and_shows_the_shape():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert len(sparkline(list(range(1000)), width=20)) == 20
    assert sparkline([3, 3]) == "▁▁"


class Breaks:
    """A sink that works until it is told to break."""

    def __init__(self, breaks_at=()):
        self.breaks_at, self.done = breaks_at, []

    def _do(self, what):
        if what in self.breaks_at:
            raise ConnectionResetError("helper is gone")
        self.done.append(what)

    def write(self, record):
        self._do(record.env_steps)

    def close(self):
        self._do("close")


def test_a_sink_that_fails_is_named_once_and_the_others_go_on(tmp_path):
    record = JsonlSink(tmp_path / "m.jsonl")
    logger, bad, good, last = Logger(record), Breaks((20, 30)), Breaks(), Breaks(("close",))
    for name, sink in {"Bad": bad, "Good": good, "Last": last}.items():
        logger.add(name, lambda sink=sink: sink)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert logger.add("Unreachable", lambda: Breaks(("open",))._do("open")) is None
        for step in (10, 20, 30):
            logger.write(step, SCALARS)
        logger.close()
    messages = [str(warning.message) for warning in caught]
    assert [message.split(" failed")[0] for message in messages] == ["Unreachable", "Bad", "Last"]
    assert "ConnectionResetError: helper is gone" in messages[0]
    assert bad.done == [10] and good.done == [10, 20, 30, "close"] and last.done == [10, 20, 30]
    assert len((tmp_path / "m.jsonl").read_text().splitlines()) == 3


def test_the_file_of_record_is_not_optional(tmp_path):
    with pytest.raises(ConnectionResetError):
        Logger(Breaks((10,))).write(10, SCALARS)


def test_what_is_missing_for_a_sink_is_said_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="not installed"):
        open_sinks(Logger(Breaks()), LogConfig(tensorboard=True), tmp_path, {})


def test_a_wandb_that_cannot_be_opened_keeps_the_id_it_had(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "no such mode")
    log = LogConfig(wandb="offline", wandb_project="a/project:that?cannot%be")
    with pytest.warns(UserWarning, match="Weights & Biases failed"):
        kept = open_sinks(Logger(Breaks()), log, tmp_path, {}, "abc123")
    assert kept == "abc123"


def test_a_reader_that_went_away_stops_the_display_not_the_program(tmp_path):
    code = (
        "import sys, time\n"
        "from dreamer_agent.logging.terminal import Terminal\n"
        "from dreamer_agent.logging import Record\n"
        "display = Terminal('t', 's'); display.start(); sys.stdin.readline()\n"
        "for step in range(200): display.say('x' * 1000)\n"
        "display.write(Record(1)); display.close()\n"
        "print('went on', file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdout.close()
        _, said = process.communicate("go\n", timeout=60)
    assert said == "went on\n" and process.returncode == 0


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_output_that_cannot_say_a_letter_gets_another(encoding):
    code = (
        "from dreamer_agent.logging.terminal import Terminal\n"
        "display = Terminal('dreamer · λ', 'läufe/→'); display.start(); display.say('→ λ')\n"
        "display.close(); print('went on')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0 and done.stdout.rstrip().endswith(b"went on"), done.stderr
    assert b"dreamer" in done.stdout
