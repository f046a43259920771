"""Compare compressors on packed chunks of recorded play; prints a table, the last line is JSON.

python benchmarks/compressors.py

Bytes a row, microseconds a row to compress, and milliseconds a chunk of 64 rows to decompress.
lz4 is tried where it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dreamer_agent.replay.chunk import zstd
from dreamer_agent.replay.codec import pack
from replay import PLAYERS, record, recorded

CHUNK_ROWS = 64
Compressor = tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]


def compressors() -> dict[str, Compressor]:
    """Return the candidates by name."""
    found: dict[str, Compressor] = {}
    if importlib.util.find_spec("lz4"):
        from lz4 import block

        found["lz4"] = (block.compress, block.decompress)
        high = partial(block.compress, mode="high_compression", compression=9)
        found["lz4 hc 9"] = (high, block.decompress)
    for level in (1, 6, 9):
        found[f"zlib {level}"] = (partial(zlib.compress, level=level), zlib.decompress)
    for level in (1, 3, 6, 9, 12, 19):
        found[f"zstd {level}"] = (partial(zstd.compress, level=level), zstd.decompress)
    return found


def packed_chunks(num_rows: int) -> list[bytes]:
    """Play and pack, as the replay does before it compresses."""
    chunks = []
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder), num_rows // len(PLAYERS))
        for player in PLAYERS:
            columns = recorded(Path(folder), player)
            for start in range(0, len(columns["reward"]) - CHUNK_ROWS + 1, CHUNK_ROWS):
                rows = [column[start : start + CHUNK_ROWS] for column in columns.values()]
                chunks.append(b"".join(pack(row) for row in rows))
    return chunks


def measure(chunks: list[bytes], compressor: Compressor) -> dict[str, float]:
    """Time one candidate over all chunks."""
    compress, decompress = compressor
    start = time.process_time()
    packed = [compress(chunk) for chunk in chunks]
    middle = time.process_time()
    restored = [decompress(chunk) for chunk in packed]
    end = time.process_time()
    assert restored == chunks
    num_rows = len(chunks) * CHUNK_ROWS
    return {
        "bytes_per_row": round(sum(map(len, packed)) / num_rows, 1),
        "compress_us_per_row": round(1e6 * (middle - start) / num_rows, 2),
        "decompress_ms_per_chunk": round(1e3 * (end - middle) / len(chunks), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=12_288, help="rows of recorded play")
    chunks = packed_chunks(parser.parse_args().rows)
    results = {name: measure(chunks, candidate) for name, candidate in compressors().items()}
    for name, numbers in results.items():
        print(f"| {name} |", " | ".join(f"{value:g}" for value in numbers.values()), "|")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
