"""Every file of a run, damaged in every way: said in words, or without any effect."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from dreamer_agent.cli import main
from dreamer_agent.run_dir import checkpoint
from dreamer_agent.training.trainer import train
from tiny import metrics_of, tiny_config

STEPS, MORE = 80, 90
BYTES_CHANGED, CUTS = 10, 3


def ways(size, rng):
    """Damages of a file of ``size`` bytes: a name, and a function of its bytes."""

    def change(place, bits):
        return lambda data: data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :]

    def cut(length):
        return lambda data: data[:length]

    yield "gone", lambda data: None
    yield "empty", lambda data: b""
    yield "twice", lambda data: data + data
    yield "longer", lambda data: data + b"\x00\xffgarbage"
    if not size:
        return
    yield "zeros", lambda data: bytes(len(data))
    yield "noise", lambda data: rng.bytes(len(data))
    for place in rng.integers(0, size, BYTES_CHANGED):
        yield f"byte {place}", change(int(place), int(rng.integers(1, 256)))
    for length in rng.integers(0, size, CUTS):
        yield f"cut to {length}", cut(int(length))


READERS = {
    "eval": ("eval", "{}", "--episodes", "1"),
    "dream": ("dream", "{}", "--horizon", "4", "--sequences", "4", "--out", "{}/dream.png"),
    "export": ("export", "{}", "--out", "{}/features.npz"),
}
REPORT = ("report", "{}")  # reads little, and takes long
RESUME = ("train", "--resume", "{}", "--env-steps", str(MORE))


def call(arguments, run, capsys):
    """Status, output and stderr of a command on a run; an exception is not caught."""
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        status = main([argument.format(run) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out.replace(str(run), ""), said.err


def is_noticed(status, said):
    return status == 2 or "Warning:" in said


def outcome(run):
    newest = checkpoint.load(checkpoint.latest(run / "checkpoints"))
    return metrics_of(run), newest.model


def is_same(one, other):
    weights = all(torch.equal(value, other[1][name]) for name, value in one[1].items())
    return weights and one[0] == other[0]


class Reference:
    """What the undamaged run prints, and becomes."""

    def __init__(self, whole, copy, capsys):
        shutil.copytree(whole, copy)
        self.capsys, self.printed = capsys, {}
        for name, arguments in READERS.items():
            status, self.printed[name], said = call(arguments, copy, capsys)
            assert not is_noticed(status, said), said
        status, _, said = call(RESUME, copy, capsys)
        assert not is_noticed(status, said), said
        self.outcome = outcome(copy)

    def complaints(self, run, with_report):
        """What a damaged run does that neither says what is wrong nor equals this one."""
        for name, arguments in READERS.items():
            status, printed, said = call(arguments, run, self.capsys)
            if not is_noticed(status, said) and printed != self.printed[name]:
                yield f"{name} is silent"
        if with_report:
            call(REPORT, run, self.capsys)
        status, _, said = call(RESUME, run, self.capsys)
        if not is_noticed(status, said) and not is_same(outcome(run), self.outcome):
            yield "resume is silent"


@pytest.mark.slow
def test_every_damage_to_every_file_is_said_or_has_no_effect(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    config = tiny_config(
        tmp_path / "whole",
        env_steps=STEPS // 2,
        save_every_s=0.01,
        keep_checkpoints=2,
        eval_every_steps=0,
    )
    train(config)
    run = train(replace(config, env_steps=STEPS), resume=True)  # segments in the plural
    reference = Reference(run, tmp_path / "reference", capsys)
    rng, done, bad = np.random.default_rng(0), 0, []
    for file in [path for path in sorted(run.rglob("*")) if path.is_file()]:
        name = file.relative_to(run)
        for way, damage in ways(file.stat().st_size, rng):
            copy = tmp_path / "copy"
            shutil.copytree(run, copy)
            data = damage(file.read_bytes())
            (copy / name).unlink() if data is None else (copy / name).write_bytes(data)
            done += 1
            try:
                complaints = reference.complaints(copy, with_report=file.parent == run)
                bad += [f"{name}, {way}: {complaint}" for complaint in complaints]
            except Exception as error:
                bad.append(f"{name}, {way}: {type(error).__name__}: {str(error)[:150]}")
            shutil.rmtree(copy)
    assert not bad, f"{len(bad)} of {done}:\n" + "\n".join(bad)
    assert done >= 300
