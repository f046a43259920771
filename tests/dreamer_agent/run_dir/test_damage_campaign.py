"""Every file of a run, damaged in every way: said in words, or without any effect."""

from __future__ import annotations

import shutil
import warnings

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


def resume(run, capsys):
    """Status and stderr of going on with a run; an exception is not caught."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        status = main(["train", "--resume", str(run), "--env-steps", str(MORE)])
    return status, capsys.readouterr().err


def outcome(run):
    newest = checkpoint.load(checkpoint.latest(run / "checkpoints"))
    return metrics_of(run), newest.model


def is_same(one, other):
    weights = all(torch.equal(value, other[1][name]) for name, value in one[1].items())
    return weights and one[0] == other[0]


@pytest.mark.slow
def test_every_damage_to_every_file_is_said_or_has_no_effect(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    config = tiny_config(tmp_path / "whole", env_steps=STEPS, save_every_s=0.01, keep_checkpoints=2)
    run = train(config)
    shutil.copytree(run, tmp_path / "reference")
    status, _ = resume(tmp_path / "reference", capsys)
    assert status == 0
    reference = outcome(tmp_path / "reference")
    rng, done, bad = np.random.default_rng(0), 0, []
    files = [path for path in sorted(run.rglob("*")) if path.is_file()]
    for file in files:
        name = file.relative_to(run)
        for way, damage in ways(file.stat().st_size, rng):
            copy = tmp_path / "copy"
            shutil.copytree(run, copy)
            data = damage(file.read_bytes())
            (copy / name).unlink() if data is None else (copy / name).write_bytes(data)
            done += 1
            try:
                status, said = resume(copy, capsys)
                noticed = status == 2 or "Warning:" in said
                if not noticed and not is_same(outcome(copy), reference):
                    bad.append(f"{name}, {way}: silent")
            except Exception as error:
                bad.append(f"{name}, {way}: {type(error).__name__}: {str(error)[:150]}")
            shutil.rmtree(copy)
    assert not bad, f"{len(bad)} of {done}:\n" + "\n".join(bad)
    assert done >= 300
