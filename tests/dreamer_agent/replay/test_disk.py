"""What the disk does not do at once, or not at all."""

from __future__ import annotations

import errno
import os
import warnings

import numpy as np
import pytest
from dreamer_agent.errors import ReplayError
from dreamer_agent.replay import Replay, ReplayConfig, make_row
from dreamer_agent.replay.slots import PIECE, Slots
from gymnasium import spaces

SPACE = spaces.Dict(observation=spaces.Box(0, 255, (8, 8), np.uint8))
LATENTS = (16, 4, 4)
RECORD = np.dtype([("row", "<i8"), ("deter", "<f2", (3,))])


def make_replay(directory=None, **config):
    return Replay.for_spaces(
        SPACE,
        spaces.Discrete(2),
        batch_size=2,
        sequence_length=8,
        config=ReplayConfig(chunk_length=16, **config),
        latent_sizes=LATENTS,
        directory=directory,
    )


def fill(replay, num, first=0):
    for number in range(first, first + num):
        obs = {"observation": np.full((8, 8), number % 251, np.uint8)}
        replay.add(make_row(obs, number % 2, float(number), is_first=number % 50 == 0))


def learn(replay):
    batch = replay.sample()
    shape = batch.ids.shape
    replay.write_latents(batch.ids, np.ones((*shape, 16)), np.ones((*shape, 4), np.int64))


def test_a_system_that_writes_a_few_bytes_at_a_time_stores_everything(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:999])))
    replay = make_replay(tmp_path)
    fill(replay, 60)
    learn(replay)
    replay.save()
    learn(replay)
    replay.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # damage would be warned of
        again = make_replay(tmp_path)
    assert again.read(0, 0, 60)["reward"].tolist() == list(range(60))
    again.close()


def test_a_full_disk_is_one_error_and_leaves_what_was_stored(tmp_path, monkeypatch):
    replay = make_replay(tmp_path)
    fill(replay, 47)
    real, room = os.write, [40]

    def write(fd, data):
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(fd, bytes(data[: room[0]]))
        room[0] -= count
        return count

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(ReplayError, match="No space left"):
            fill(replay, 1, first=47)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = make_replay(tmp_path)
    assert again.read(0, 0, 32)["reward"].tolist() == list(range(32))
    again.close()


def test_in_memory_and_on_disk_no_more_than_the_capacity_is_held(tmp_path):
    for directory in (None, tmp_path):
        replay = make_replay(directory, capacity=320)
        fill(replay, 3000)
        assert 320 <= replay._store.packed_rows() <= 480
        learn(replay)
        replay.close()


def test_what_a_saved_position_needs_is_kept_until_it_is_released(tmp_path):
    replay = make_replay(tmp_path, capacity=320)
    fill(replay, 400)
    saved = replay.save()
    fill(replay, 2000, first=400)
    replay.restore(saved)
    assert replay.spans() == [[(80, 400)]]
    assert replay.read(0, 80, 400)["reward"].tolist() == list(range(80, 400))
    fill(replay, 2000, first=400)
    replay.release(replay.save())
    assert replay._store.packed_rows() <= 480
    replay.close()


def test_the_latents_file_is_as_long_as_what_was_stored(tmp_path):
    replay = make_replay(tmp_path, capacity=2_000_000)
    fill(replay, 200)
    learn(replay)
    (file,) = tmp_path.glob("context_0*.bin")
    slot = replay._context._record.itemsize
    assert file.stat().st_size == PIECE * slot
    assert 0 < replay.stats().context_bytes_per_row < slot
    replay.close()


@pytest.mark.parametrize("on_disk", [False, True])
def test_slots_read_back_what_was_stored_last_and_count_what_is_used(tmp_path, on_disk):
    path = tmp_path / "slots.bin" if on_disk else None
    slots = Slots(3 * PIECE, RECORD, path)
    reference = np.zeros(3 * PIECE, RECORD)
    rng = np.random.default_rng(0)
    for _ in range(20):
        places = rng.integers(0, 3 * PIECE, 50)
        records = np.zeros(50, RECORD)
        records["row"] = rng.integers(0, 5, 50)
        records["deter"] = rng.normal(size=(50, 3))
        slots[places] = records
        reference[places] = records
        assert slots.num_used == np.count_nonzero(reference["row"])
    everything = np.arange(3 * PIECE)
    np.testing.assert_array_equal(slots[everything], reference)
    if on_disk:
        slots.flush()
        again = Slots(3 * PIECE, RECORD, path)
        np.testing.assert_array_equal(again[everything], reference)
        assert again.num_used == slots.num_used


@pytest.mark.parametrize("damage", ["latents", "undo", "gone"])
def test_latents_that_cannot_be_brought_back_are_said_and_dropped(tmp_path, damage):
    replay = make_replay(tmp_path)
    fill(replay, 200)
    for _ in range(20):
        learn(replay)
    saved = replay.save()
    for _ in range(20 if damage == "undo" else 0):  # a slot that is undone may have been damaged
        learn(replay)
    replay.close()
    file = next(tmp_path.glob("context_undo*" if damage == "undo" else "context_0*"))
    data = bytearray(file.read_bytes())
    place = data.rfind(b"\x7f\x7f")  # ones in 8 bits: a latent that learn() has written
    assert place > 0
    data[place] ^= 1
    file.write_bytes(b"" if damage == "gone" else data)
    again = make_replay(tmp_path)
    with pytest.warns(UserWarning, match=r"context_0000\.bin or its undo file is damaged"):
        again.restore(saved)
    assert again.stats().context_bytes_per_row == 0
    again.close()


def test_latents_that_come_back_are_not_complained_of(tmp_path):
    replay = make_replay(tmp_path)
    fill(replay, 200)
    for _ in range(20):
        learn(replay)
    saved = replay.save()
    for _ in range(20):
        learn(replay)
    replay.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = make_replay(tmp_path)
        again.restore(saved)
        again.restore({name: value for name, value in saved.items() if name != "latents"})
    assert again.stats().context_bytes_per_row > 0
    again.close()
