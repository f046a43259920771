"""A file is replaced as a whole, or not at all."""

from __future__ import annotations

import hashlib

import pytest
from dreamer_agent.durable import hash_file, replace_text


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.json"
    for text in ("one", "zwölf\n"):
        replace_text(path, text)
        assert path.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.json"
    path.mkdir()  # a file cannot take the place of a folder
    with pytest.raises(OSError):
        replace_text(path, "text")
    assert list(tmp_path.iterdir()) == [path]


def test_the_hash_is_of_all_bytes(tmp_path):
    data = bytes(range(256)) * 9000  # more than one piece
    (tmp_path / "a").write_bytes(data)
    assert hash_file(tmp_path / "a") == hashlib.sha256(data).hexdigest()
