"""The command line: one clear message and status 2 for bad input, results as JSON."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dreamer_agent.cli import main
from dreamer_agent.training.trainer import train
from PIL import Image
from tiny import tiny_config


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = tiny_config(tmp_path_factory.mktemp("cli") / "run", env_steps=120, eval_every_steps=0)
    return train(config)


def fails(capsys, *arguments):
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as error:  # argparse and tyro end the program themselves
        status = error.code
    captured = capsys.readouterr()
    message = captured.err + captured.out
    assert status == 2
    assert "Traceback" not in message
    return " ".join(message.split())


def last_json(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_help_needs_no_torch_and_starts_quickly():
    code = (
        "import sys; from dreamer_agent.cli import main; main(['--help']); "
        "assert 'torch' not in sys.modules and 'pydantic' not in sys.modules"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "train" in out.stdout and "export" in out.stdout


def test_help_of_train_lists_documented_flags():
    code = (
        "import sys; from dreamer_agent.cli import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--agent.rssm.deter" in out.stdout and "--preset" in out.stdout


def test_no_command_prints_usage(capsys):
    assert main([]) == 2
    assert "dreamer COMMAND" in capsys.readouterr().out


def test_an_unknown_command_is_named(capsys):
    assert "unknown command 'trian'" in fails(capsys, "trian")


def test_an_unknown_flag_is_named_with_a_suggestion(capsys):
    message = fails(capsys, "train", "--agent.rssm.deterr", "7")
    assert "--agent.rssm.deterr" in message and "--agent.rssm.deter" in message


def test_a_bad_value_is_named(capsys):
    assert "batch_size" in fails(capsys, "train", "--batch-size", "0").replace("-", "_")


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--agent.rssm.blocks", "7", "blocks=7 must divide deter=512"),
        ("--agent.optimizer.beta1", "1", "beta1 Input should be less than 1"),
        ("--seed", str(2**64), "seed Input should be less than"),
        ("--replay.capacity", "20", "replay.capacity=20 must be at least 71"),
    ],
)
def test_a_value_that_cannot_work_is_refused_before_anything_is_made(
    capsys, tmp_path, flag, value, message
):
    shown = fails(capsys, "train", flag, value, "--run-dir", tmp_path / "run")
    words = " ".join(shown.replace("│", " ").split())  # tyro and we write "seed" and "seed:"
    assert message in words.replace("seed: ", "seed ")
    assert not (tmp_path / "run").exists()


def test_an_unknown_yaml_field_is_named(capsys, tmp_path):
    (tmp_path / "c.yaml").write_text("agent: {rssm: {detre: 3}}\n")
    message = fails(capsys, "train", "--config", tmp_path / "c.yaml")
    assert "agent.rssm.detre: unknown field; did you mean deter?" in message


def test_an_unwritable_run_directory_is_named(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    message = fails(capsys, "train", "--run-dir", tmp_path / "file" / "run")
    assert "Cannot write to the run directory" in message


def test_an_unknown_environment_is_named(capsys, tmp_path):
    message = fails(capsys, "train", "--env", "Nothing-v0", "--run-dir", tmp_path / "run")
    assert "No environment 'Nothing-v0'" in message


def test_an_observation_key_that_is_not_there_is_named(capsys, tmp_path):
    (tmp_path / "c.yaml").write_text("agent: {modalities: {screeen: {modality: image}}}\n")
    message = fails(capsys, "train", "--config", tmp_path / "c.yaml", "--run-dir", tmp_path / "run")
    assert "screeen" in message


def test_resuming_nothing_is_named(capsys, tmp_path):
    assert "is not a run" in fails(capsys, "train", "--resume", tmp_path / "nothing")


def test_old_weights_do_not_go_on_under_a_new_seed_when_the_settings_are_missing(
    capsys, run, tmp_path
):
    damaged = tmp_path / "run"
    shutil.copytree(run, damaged)
    (damaged / "config.yaml").unlink()
    before = {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()}
    flags = ("--env", "CartPole-v1", "--seed", 99)
    assert "is not a run" in fails(capsys, "train", "--resume", damaged, "--seed", 99)
    assert "already holds a run" in fails(capsys, "train", *flags, "--run-dir", damaged)
    assert {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()} == before


def test_resume_and_size_contradict(capsys, run):
    assert "own configuration" in fails(capsys, "train", "--resume", run, "--size", "1m")


def test_a_resumed_run_refuses_another_model(capsys, run):
    message = fails(capsys, "train", "--resume", run, "--agent.rssm.deter", "64")
    assert "agent.rssm.deter: 16 in the run, 64 now" in message


@pytest.mark.parametrize("command", ["eval", "dream"])
def test_a_directory_that_is_no_run_is_named(capsys, tmp_path, command):
    assert "is not a run" in fails(capsys, command, tmp_path)


def test_a_missing_replay_is_named(capsys, run, tmp_path):
    assert "No replay at" in fails(capsys, "dream", run, "--replay", tmp_path)
    assert "No replay at" in fails(capsys, "train", "--offline", tmp_path)


def test_an_unknown_video_format_is_named(capsys, run):
    assert ".webp, .gif or .png" in fails(capsys, "dream", run, "--out", "x.mp5")


def test_an_unknown_device_is_named(capsys, tmp_path):
    message = fails(capsys, "train", "--device", "gpu", "--run-dir", tmp_path / "run")
    assert "device='gpu'" in message and "--device auto" in message


def test_train_then_resume_longer(capsys, tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=60, eval_every_steps=0)
    train(config)
    assert main(["train", "--resume", str(tmp_path / "run"), "--env-steps", "80"]) == 0
    assert "Resumed at step 60" in capsys.readouterr().out


def test_eval_prints_scores_as_json(capsys, run):
    assert main(["eval", str(run), "--episodes", "3", "--num-envs", "2"]) == 0
    result = last_json(capsys)
    assert result["episodes"] == 3 and result["return"] == result["length"]
    assert result["return_min"] <= result["return"] <= result["return_max"]


def test_a_negative_seed_is_named(capsys, run):
    assert "--seed -5 must be at least 0" in fails(capsys, "eval", run, "--seed", "-5")


def test_eval_films_the_first_episode(capsys, tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=60, eval_every_steps=0)
    train(replace(config, env="multimodal_env:Walk-v0"))
    out = tmp_path / "play.gif"
    assert main(["eval", str(tmp_path / "run"), "--episodes", "2", "--video", str(out)]) == 0
    assert last_json(capsys)["episodes"] == 2
    with Image.open(out) as video:
        assert video.size == (32, 24) and video.n_frames > 1
    assert ".webp or .gif" in fails(capsys, "eval", tmp_path / "run", "--video", "x.avi")


def test_an_environment_that_cannot_be_filmed_is_named(capsys, tmp_path):
    config = tiny_config(tmp_path / "run", env_steps=30, eval_every_steps=0)
    train(replace(config, env="counting_env:Counting-v0"))
    message = fails(capsys, "eval", tmp_path / "run", "--video", tmp_path / "x.gif")
    assert "counting_env:Counting-v0" in message and "render_mode" in message


def test_eval_of_one_checkpoint(capsys, run):
    (saved,) = (run / "checkpoints").glob("step_*")
    assert main(["eval", str(saved), "--episodes", "1"]) == 0
    assert last_json(capsys)["step"] == 120


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".png"])
def test_dream_writes_a_video_and_errors_by_horizon(capsys, run, tmp_path, suffix):
    out = tmp_path / f"dream{suffix}"
    assert main(["dream", str(run), "--out", str(out), "--horizon", "10", "--context", "3"]) == 0
    result = last_json(capsys)
    assert result["observation/mae@1"] > 0 and "observation/mae@5" in result
    with Image.open(out) as image:
        assert getattr(image, "n_frames", 1) == (1 if suffix == ".png" else 13)


def test_export_writes_features_of_every_row(capsys, run, tmp_path):
    out = tmp_path / "features.npz"
    assert main(["export", str(run), "--out", str(out)]) == 0
    result = last_json(capsys)
    with np.load(out) as table:
        assert table["features"].shape == (result["rows"], result["feature_size"])
        assert result["feature_size"] == 16 + 4 * 4
        assert np.isfinite(table["features"]).all()
        assert table["is_first"].sum() >= 2 and set(table["stream"]) == {0, 1}


@pytest.mark.parametrize("command", ["dream", "export", "offline"])
def test_rows_a_run_had_and_has_not_are_named_by_who_reads_them(capsys, run, tmp_path, command):
    damaged = tmp_path / "run"
    shutil.copytree(run, damaged)
    next(damaged.glob("replay/stream_0000/*.chunks")).unlink()
    commands = {
        "dream": ["dream", str(damaged), "--out", str(tmp_path / "dream.png"), "--horizon", "4"],
        "export": ["export", str(damaged), "--out", str(tmp_path / "features.npz")],
        "offline": [
            *("train", "--offline", str(damaged / "replay"), "--run-dir", str(tmp_path / "new")),
            *("--config", str(damaged / "config.yaml"), "--replay-ratio", "0.1"),
        ],
    }
    assert main(commands[command]) == 0
    assert "of stream 0 are lost" in capsys.readouterr().err


def test_offline_training_needs_no_environment(capsys, run, tmp_path):
    flags = ["--agent.rssm.deter", "16", "--agent.rssm.blocks", "2", "--size", "xs"]
    flags += ["--batch-size", "4", "--sequence-length", "8", "--replay-ratio", "4"]
    flags += ["--env", "NoSuchEnv-v0", "--threads", "1", "--run-dir", str(tmp_path / "offline")]
    assert main(["train", "--offline", str(run / "replay"), *flags]) == 0
    lines = (tmp_path / "offline" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["loss/observation"] > 0
    assert main(["dream", str(tmp_path / "offline"), "--replay", str(run / "replay")]) == 0
    assert "cannot be resumed" in fails(capsys, "train", "--resume", tmp_path / "offline")


def test_bench_prints_times_as_json(capsys):
    arguments = ["--size", "xs", "--batch-size", "2", "--sequence-length", "8", "--updates", "1"]
    assert main(["bench", *arguments]) == 0
    assert last_json(capsys)["update_ms"] > 0


def test_a_reader_of_the_results_that_has_gone_is_no_error(run):
    code = "import sys; from dreamer_agent.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "eval", str(run), "--episodes", "1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0 and "Broken" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_a_real_session_saves_and_says_how_to_go_on(tmp_path, number):

    code = (
        f"import signal, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # nohup's is inherited
        "from tiny import tiny_config; from dreamer_agent.training.trainer import train\n"
        f"train(tiny_config({str(tmp_path / 'run')!r}, env_steps=100_000))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run" / "metrics.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Stopped at step" in out and "--resume" in out
    assert list((tmp_path / "run" / "checkpoints").glob("step_*"))
