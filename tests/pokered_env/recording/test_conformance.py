from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.errors import PokeRedError, RecordingError
from pokered_env.game import ram
from pokered_env.game.glyphs import GlyphTable
from pokered_env.game.profiles import pokemon_red
from pokered_env.recording import conformance


def pattern(character: str) -> bytes:
    return character.encode().ljust(16, b"\x01")


def write_recording(folder: Path, name: str = "house", **changes: Any) -> None:
    """Write a recording that shows "HI" in a house of Pokémon Red, and its label."""
    vram, wram = np.zeros(0x2000, np.uint8), np.zeros(0x2000, np.uint8)
    for tile, character in ((0x80, "A"), (0x87, "H"), (0x88, "I")):
        vram[16 * tile : 16 * tile + 16] = list(pattern(character))
    vram[0x1C00:0x1C02] = (0x87, 0x88)
    io = np.zeros(0x4C, np.uint8)
    io[0x40], io[0x47], io[0x4B] = 0xE3, 0xE4, 7
    for symbol, value in ((ram.CUR_MAP, 37), (ram.X_COORD, 3), (ram.BADGES, 1)):
        wram[symbol.address - 0xC000] = value
    wram[ram.EVENT_FLAGS.address - 0xC000 + 3] = 1
    arrays = {"vram": vram, "wram": wram, "io": io, "hram": np.zeros(0x7F, np.uint8)}
    np.savez(folder / f"{name}.npz", **arrays)
    label = {
        "text": ["HI"],
        "map_id": 37,
        "map_name": "REDS_HOUSE_1F",
        "x": 3,
        "badges": 1,
        "party": [],
        "events": ["EVENT_GOT_TOWN_MAP"],
        **changes,
    }
    labels_path = folder / "labels.json"
    labels = json.loads(labels_path.read_text()) if labels_path.exists() else {}
    labels_path.write_text(json.dumps({**labels, name: label}))
    rows = "".join(f"{pattern(c).hex()},{c}\n" for c in "AHI")
    (folder / "glyphs.csv").write_text(f"token_hex,character\n{rows}")


def test_a_recording_that_fits_its_label_is_counted_field_by_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path)
    assert conformance.main([str(tmp_path)]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["fields"]["text"] == {"exact": 1, "of": 1, "accuracy": 1.0}
    assert set(summary["fields"]) == set("text map_id map_name x badges party events".split())
    assert summary["mismatches"] == 0


def test_a_labelled_member_that_is_not_written_yet_is_none_and_a_real_one_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unwritten = {"species": "NO_MON", "level": 0, "hp": 0, "max_hp": 0}
    write_recording(tmp_path, party=[unwritten])
    assert conformance.main([str(tmp_path)]) == 0
    write_recording(tmp_path, party=[{**unwritten, "max_hp": 20}])
    assert conformance.main([str(tmp_path)]) == 1
    assert "house: party is []" in capsys.readouterr().out


def test_every_mismatch_is_named_and_the_exit_status_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path, text=["HO"], x=4)
    assert conformance.main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "house: text is ['HI'], labelled ['HO']" in lines
    assert "house: x is 3, labelled 4" in lines
    assert json.loads(lines[-1])["fields"]["x"]["accuracy"] == 0.0


def test_a_text_labelled_null_is_not_compared(tmp_path: Path) -> None:
    write_recording(tmp_path, text=None)
    assert "text" not in conformance.check_folder(tmp_path).compared


def test_a_recording_of_many_moments_without_a_label_is_named_as_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path)
    np.savez(
        tmp_path / "play.npz",
        wram=np.zeros((5, 0x2000), np.uint8),
        hram=np.zeros((5, 0x7F), np.uint8),
    )
    assert conformance.main([str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "play: skipped, no label" in out
    assert json.loads(out.splitlines()[-1])["skipped"] == ["play"]


def test_a_label_without_a_recording_is_named_as_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path)
    labels = json.loads((tmp_path / "labels.json").read_text())
    (tmp_path / "labels.json").write_text(json.dumps({**labels, "cave": {"x": 1}}))
    assert conformance.main([str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "cave: skipped, no recording" in out
    assert json.loads(out.splitlines()[-1])["skipped"] == ["cave"]


@pytest.mark.parametrize("labels", [{}, {"house": {"text": None, "what": "a house"}}])
def test_where_nothing_is_compared_the_exit_status_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: dict[str, Any]
) -> None:
    write_recording(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    assert conformance.main([str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "nothing was compared" in captured.err
    assert json.loads(captured.out.splitlines()[-1])["fields"] == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"evnets": []}, "'evnets'. There is text, map_id"),
        ({"events": 5}, "events 5. Give a list of strings"),
        ({"events": ["EVENT_GOT_TOWN_MAP", 5]}, "Give a list of strings"),
        ({"text": "HI"}, "Give a list of strings"),
        ({"x": "3"}, "x '3'. Give a whole number"),
        ({"x": True}, "Give a whole number"),
        ({"map_name": 37}, "Give a string"),
        ({"party": [{"species": "X"}]}, "Give a list of objects"),
        ({"party": [{"species": "X", "level": "5", "hp": 1, "max_hp": 1}]}, "list of objects"),
    ],
)
def test_a_label_of_another_field_or_kind_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    write_recording(tmp_path, **change)
    with pytest.raises(RecordingError, match=message):
        conformance.check_folder(tmp_path)


def test_a_text_cannot_be_compared_without_the_screens_memory(tmp_path: Path) -> None:
    write_recording(tmp_path)
    with np.load(tmp_path / "house.npz") as file:
        np.savez(tmp_path / "house.npz", wram=file["wram"], hram=file["hram"])
    with pytest.raises(RecordingError, match="has only wram, hram"):
        conformance.check_folder(tmp_path)
    labels = json.loads((tmp_path / "labels.json").read_text())
    (tmp_path / "labels.json").write_text(json.dumps({"house": {**labels["house"], "text": None}}))
    assert not conformance.check_folder(tmp_path).mismatches


def test_a_label_fits_one_moment_only(tmp_path: Path) -> None:
    write_recording(tmp_path)
    with np.load(tmp_path / "house.npz") as file:
        arrays = {name: file[name][None] for name in file}
    np.savez(tmp_path / "house.npz", **arrays)
    assert not conformance.check_folder(tmp_path).mismatches
    np.savez(tmp_path / "house.npz", **{name: a.repeat(2, 0) for name, a in arrays.items()})
    with pytest.raises(RecordingError, match="2 moments"):
        conformance.check_folder(tmp_path)


def test_the_folders_own_characters_go_before_the_roms(tmp_path: Path) -> None:
    write_recording(tmp_path)
    others = GlyphTable({pattern("A"): 0x80}, bytes(128), pattern("A"))
    assert not conformance.check_folder(tmp_path, glyphs=others).mismatches
    (tmp_path / "glyphs.csv").unlink()
    (mismatch,) = conformance.check_folder(tmp_path, glyphs=others).mismatches
    assert mismatch.field == "text"


@pytest.mark.parametrize("rows", ["00,A", "zz,A", f"{pattern('H').hex()},H", "\0"])
def test_characters_that_cannot_be_read_are_refused(tmp_path: Path, rows: str) -> None:
    write_recording(tmp_path)
    (tmp_path / "glyphs.csv").write_text(f"token_hex,character\n{rows}\n")
    with pytest.raises(RecordingError, match=r"glyphs\.csv"):
        conformance.check_folder(tmp_path)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.uint8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"vram": np.zeros(0x2000, np.uint8)},
        {"wram": np.zeros(0x1FFF, np.uint8)},
        {"wram": np.zeros(0x2000, np.int16)},
        {"wram": np.zeros((2, 2, 0x2000), np.uint8)},
        {"wram": zeros(0, 0x2000)},
        {"wram": zeros(2, 0x2000), "hram": zeros(3, 0x7F)},
        {"wram": zeros(2, 0x2000), "vram": zeros(0x2000)},
        {"wram": zeros(0x2000), "io": zeros(2, 0x4C), "hram": zeros(2, 0x7F)},
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    write_recording(tmp_path)
    np.savez(tmp_path / "house.npz", **arrays)
    with pytest.raises(RecordingError, match=r"house\.npz"):
        conformance.check_folder(tmp_path)


def npz(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)


def test_arrays_larger_than_they_may_be_or_than_they_are_take_no_memory(tmp_path: Path) -> None:
    write_recording(tmp_path)
    file = io.BytesIO()
    np.save(file, zeros(4, 0x2000))
    announced = (
        file.getvalue().replace(b"(4, 8192)", b"(2000000, 8192)").replace(b"      \n", b"\n")
    )
    bomb = file.getvalue() + bytes(2**26)
    tracemalloc.start()
    for data in (announced, bomb):
        npz(tmp_path / "house.npz", wram=data)
        tracemalloc.reset_peak()
        with pytest.raises(RecordingError, match=r"house\.npz"):
            conformance.check_folder(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["house.npz", "labels.json", "glyphs.csv"])
def test_only_regular_files_of_a_possible_size_are_read(tmp_path: Path, name: str) -> None:
    write_recording(tmp_path)
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(RecordingError, match=name):
        conformance.check_folder(tmp_path)
    if hasattr(os, "mkfifo"):
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(RecordingError, match=name):
            conformance.check_folder(tmp_path)


@pytest.mark.parametrize("labels", ["[" * 10**5, '{"house": ' + "[" * 10**5, "[]", "\0"])
def test_labels_of_any_depth_are_refused(tmp_path: Path, labels: str) -> None:
    write_recording(tmp_path)
    (tmp_path / "labels.json").write_text(labels)
    with pytest.raises(RecordingError, match=r"labels\.json"):
        conformance.check_folder(tmp_path)


@given(st.binary(max_size=300))
def test_random_bytes_as_a_recording_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    write_recording(folder)
    (folder / "house.npz").write_bytes(data)
    with pytest.raises(PokeRedError):
        conformance.check_folder(folder)


@pytest.mark.parametrize("missing", ["labels.json", "glyphs.csv", "house.npz"])
def test_a_missing_file_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    write_recording(tmp_path)
    (tmp_path / missing).unlink()
    assert conformance.main([str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("conformance: ")
    assert captured.err.count("\n") == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([0xE3, 0xFF, 0xC3, 0xD3]))
def test_any_memory_decodes_to_an_observation_inside_its_space(seed: int, lcdc: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = {"vram": 0x2000, "wram": 0x2000, "io": 0x4C, "hram": 0x7F}
    regions = {name: rng.integers(0, 256, size, np.uint8) for name, size in sizes.items()}
    regions["io"][[0x40, 0x47, 0x4A, 0x4B]] = lcdc, 0xE4, 0, 7
    probe = regions["vram"][0x800:0x810].tobytes()
    glyphs = GlyphTable({probe: 0x80}, bytes(range(128, 256)), probe)
    conformance.decode(conformance.Recording(regions), pokemon_red(), glyphs)
