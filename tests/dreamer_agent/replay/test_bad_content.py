"""Files of a replay that hold something else are named, and cost no more than they are worth."""

from __future__ import annotations

import json
import struct
import time
import zlib

import numpy as np
import pytest
from dreamer_agent.errors import CorruptChunkError, ReplayError
from dreamer_agent.replay import Replay
from dreamer_agent.replay.chunk import MAGIC, Field, decode_rows, encode_chunk, parse_header, zstd
from dreamer_agent.replay.schema import check_schema, load_schema
from dreamer_agent.replay.segments import scan

FIELDS = (Field("a", "uint8", (6, 6)), Field("b", "float32", ()), Field("c", "int64", (2,)))


def rows(count=20, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "a": rng.integers(0, 4, (count, 6, 6)).astype(np.uint8),
        "b": rng.normal(size=count).astype(np.float32),
        "c": rng.integers(0, 900, (count, 2)),
    }


def sealed(body, num_rows=20):
    """A record whose checksum is right, whatever it holds."""
    payload = zstd.compress(bytes(body))
    numbers = struct.pack("<IQI", len(payload), 0, num_rows)
    crc = struct.pack("<I", zlib.crc32(payload, zlib.crc32(numbers)))
    return MAGIC + numbers + crc + payload


def test_a_right_checksum_over_bad_content_is_a_corrupt_chunk_or_rows():
    record = encode_chunk(FIELDS, 0, rows())
    body = zstd.decompress(record[len(record) - parse_header(record).payload_bytes :])
    rng, refused = np.random.default_rng(1), 0
    for _ in range(300):
        damaged = bytearray(body)
        for place in rng.integers(0, len(body), 3):
            damaged[place] = rng.integers(0, 256)
        cut = rng.integers(0, len(body)) if rng.random() < 0.3 else len(body)
        try:
            first = int(rng.integers(20))
            out = {f.name: np.empty((20 - first, *f.shape), f.dtype) for f in FIELDS}
            decode_rows(FIELDS, sealed(damaged[:cut]), first, out, "here")
        except CorruptChunkError as error:
            refused += "here" in str(error)
    assert refused > 90


@pytest.mark.parametrize("payload", [b"", b"\xff" * 40, struct.pack("<I", 2**31) + b"x" * 9])
def test_a_payload_that_is_not_packed_is_a_corrupt_chunk(payload):
    numbers = struct.pack("<IQI", len(payload), 0, 20)
    crc = struct.pack("<I", zlib.crc32(payload, zlib.crc32(numbers)))
    with pytest.raises(CorruptChunkError, match="here"):
        decode_rows(FIELDS, MAGIC + numbers + crc + payload, 0, rows(), "here")


def test_a_file_full_of_beginnings_is_searched_in_time_that_follows_its_size(tmp_path):
    whole = encode_chunk(FIELDS, 0, rows())
    head = MAGIC + struct.pack("<IQI", 4_000_000, 0, 20) + b"\0\0\0\0"
    (tmp_path / "rows_000000000000.chunks").write_bytes(whole + head * 300_000)
    started = time.process_time()
    chunks, damage = scan(tmp_path, repair=False)
    assert time.process_time() - started < 10  # hashing 4 MB for each would take ten minutes
    assert [(chunk.start, chunk.stop) for chunk in chunks] == [(0, 20)] and damage


def test_chunks_after_damage_are_found(tmp_path):
    records = [encode_chunk(FIELDS, 20 * i, rows(seed=i)) for i in range(40)]
    data = bytearray(b"".join(records))
    for index in range(0, 40, 2):
        data[sum(map(len, records[:index])) + 30] ^= 255
    (tmp_path / "rows_000000000000.chunks").write_bytes(data)
    chunks, damage = scan(tmp_path, repair=False)
    assert [chunk.start for chunk in chunks] == list(range(20, 800, 40)) and len(damage) == 20


def test_rows_that_are_there_twice_are_said_and_read_once(tmp_path):
    records = b"".join(encode_chunk(FIELDS, 20 * i, rows(seed=i)) for i in range(3))
    (tmp_path / "rows_000000000000.chunks").write_bytes(records * 2)
    chunks, damage = scan(tmp_path, repair=False)
    assert [chunk.start for chunk in chunks] == [0, 20, 40] and len(damage) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "7",
        "[" * 100_000,
        '{"fields": 3}',
        '{"version": 2, "fields": []}',
        '{"fields": [1]}',
        '{"fields": [{"name": "a"}]}',
        '{"fields": [{"name": "a", "dtype": "uint8", "shape": 3}]}',
        '{"fields": [{"name": "a", "dtype": "uint8", "shape": [-3]}]}',
        '{"fields": [{"name": "a", "dtype": "object", "shape": [3]}]}',
        '{"fields": [{"name": "a", "dtype": "nothing", "shape": [3]}]}',
        json.dumps({"version": 2, "fields": [{"name": "a", "dtype": "u1", "shape": []}] * 2}),
        b"\xff\xfe",
    ],
    ids=lambda text: repr(text)[:40],
)
def test_a_damaged_schema_is_named(tmp_path, text):
    path = tmp_path / "schema.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for read in (load_schema, lambda directory: check_schema(directory, FIELDS)):
        with pytest.raises(ReplayError, match=r"schema\.json is damaged"):
            read(tmp_path)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_column_whose_name_changed_on_disk_is_damage_and_no_other_column(tmp_path, name):
    Replay(FIELDS, 1, 4, 8, directory=tmp_path).close()
    path = tmp_path / "schema.json"
    path.write_text(path.read_text().replace(f'"name": "{name}"', '"name": "x"'))
    with pytest.raises(ReplayError, match=r"schema\.json is damaged.*checksum"):
        load_schema(tmp_path)


@pytest.mark.parametrize("version", [1, 3])
def test_a_replay_packed_by_another_version_is_refused_and_left_as_it_is(tmp_path, version):
    Replay(FIELDS, 1, 4, 8, directory=tmp_path).close()
    path = tmp_path / "schema.json"
    path.write_text(path.read_text().replace('"version": 2', f'"version": {version}'))
    (tmp_path / "stream_0000" / "rows_000000000000.chunks").write_bytes(b"DRC9 packed otherwise")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ReplayError, match=f"form {version}.*the version that wrote it"):
        Replay(FIELDS, 1, 4, 8, directory=tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
