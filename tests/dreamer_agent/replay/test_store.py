"""Streams on disk survive kills, damage and truncation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from dreamer_agent.errors import ReplayError
from dreamer_agent.replay import store as store_module
from dreamer_agent.replay.chunk import Field, decode_rows
from dreamer_agent.replay.store import ChunkStore

FIELDS = (Field("value", "<i8", ()), Field("noise", "<f4", (5,)))


def row(stream, index):
    noise = np.random.default_rng((stream, index)).normal(size=5).astype(np.float32)
    return {"value": stream * 1000 + index, "noise": noise}


def fill(store, stream, count):
    for _ in range(count):
        store.append(stream, row(stream, store.stop(stream)))


def assert_rows(store, stream, start, stop):
    got = store.read(stream, start, stop)
    assert got["value"].tolist() == [stream * 1000 + index for index in range(start, stop)]
    expected = np.stack([row(stream, index)["noise"] for index in range(start, stop)])
    assert np.array_equal(got["noise"], expected)


@pytest.mark.parametrize("on_disk", [False, True])
def test_any_range_reads_back_across_closed_and_open_chunks(tmp_path, on_disk):
    store = ChunkStore(FIELDS, 2, tmp_path if on_disk else None, chunk_length=8)
    fill(store, 0, 37)
    fill(store, 1, 5)
    for start in range(0, 36, 5):
        for stop in range(start + 1, 37, 7):
            assert_rows(store, 0, start, stop)
    assert_rows(store, 1, 0, 5)
    assert store.spans(0) == [(0, 37)] and store.spans(1) == [(0, 5)]


def test_rows_read_are_owned_by_the_caller(tmp_path):
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 20)
    store.read(0, 0, 20)["value"][:] = -1
    assert_rows(store, 0, 0, 20)


def test_reopening_finds_flushed_rows_and_goes_on(tmp_path):
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 20)
    store.close()
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    assert store.stop(0) == 20
    fill(store, 0, 30)
    store.close()
    assert_rows(ChunkStore(FIELDS, 1, tmp_path, chunk_length=8), 0, 0, 50)


@pytest.mark.parametrize("keep", [0, 8, 13, 20, 33])
def test_truncation_drops_newer_rows_for_good(tmp_path, keep):
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 40)
    store.flush()
    store.truncate([keep])
    assert store.stop(0) == keep
    fill(store, 0, 10)
    store.close()
    again = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    assert again.spans(0) == [(0, keep + 10)]
    assert_rows(again, 0, 0, keep + 10)


def test_a_torn_record_at_the_end_is_cut_off_silently(tmp_path, recwarn):
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 24)
    store.close()
    (path,) = tmp_path.glob("stream_0000/*.chunks")
    os.truncate(path, path.stat().st_size - 11)
    again = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    assert again.spans(0) == [(0, 16)]
    fill(again, 0, 20)
    again.close()
    assert_rows(ChunkStore(FIELDS, 1, tmp_path, chunk_length=8), 0, 0, 36)
    assert not recwarn.list


def test_a_damaged_chunk_is_named_and_the_rows_after_it_are_kept(tmp_path):
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 32)
    store.close()
    (path,) = tmp_path.glob("stream_0000/*.chunks")
    data = bytearray(path.read_bytes())
    data[len(data) // 4 + 40] ^= 255
    path.write_bytes(data)
    with pytest.warns(UserWarning, match=r"rows_000000000000\.chunks, bytes \d+"):
        again = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    assert again.spans(0) == [(0, 8), (16, 32)]
    assert_rows(again, 0, 16, 32)
    with pytest.raises(ReplayError, match="no row 8"):
        again.read(0, 0, 16)


def test_other_columns_are_refused_by_name(tmp_path):
    ChunkStore(FIELDS, 1, tmp_path).close()
    with pytest.raises(ReplayError, match="noise"):
        ChunkStore(FIELDS[:1], 1, tmp_path)


def test_released_rows_free_whole_segments(tmp_path, monkeypatch):
    monkeypatch.setattr("dreamer_agent.replay.segments._SEGMENT_BYTES", 500)
    store = ChunkStore(FIELDS, 1, tmp_path, chunk_length=8)
    fill(store, 0, 80)
    before = len(list(tmp_path.glob("stream_0000/*")))
    store.release([50])
    assert len(list(tmp_path.glob("stream_0000/*"))) < before
    assert_rows(store, 0, 48, 80)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_store import FIELDS, row
from dreamer_agent.replay.store import ChunkStore
store = ChunkStore(FIELDS, 2, Path({path!r}), chunk_length=4)
print("ready", flush=True)
while True:
    for stream in range(2):
        store.append(stream, row(stream, store.stop(stream)))
"""


def test_kill_9_at_any_moment_leaves_a_readable_prefix(tmp_path):
    from pathlib import Path

    code = WRITER.format(tests=str(Path(__file__).parent), path=str(tmp_path))
    rng = np.random.default_rng(0)
    for _ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        time.sleep(float(rng.uniform(0.02, 0.2)))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        store = ChunkStore(FIELDS, 2, tmp_path, chunk_length=4)
        for stream in range(2):
            (span,) = store.spans(stream)
            assert span[0] == 0 and span[1] == store.stop(stream)
            assert_rows(store, stream, *span)
        store.close()


def test_rows_are_added_while_others_are_decoded(monkeypatch):
    store = ChunkStore(FIELDS, 1, chunk_length=8)
    fill(store, 0, 20)
    inside, go_on = threading.Event(), threading.Event()

    def decode(*arguments):
        inside.set()
        assert go_on.wait(10)
        return decode_rows(*arguments)

    monkeypatch.setattr(store_module, "decode_rows", decode)
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(store.read, 0, 3, 20)
        assert inside.wait(10)
        fill(store, 0, 20)
        go_on.set()
        assert reading.result()["value"].tolist() == list(range(3, 20))
    assert_rows(store, 0, 0, 40)
