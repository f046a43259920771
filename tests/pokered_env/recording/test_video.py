from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import imageio.v3
import numpy as np
import pytest
from PIL import Image
from pokered_env.errors import ConfigError, PokeRedError
from pokered_env.game.maps import MapInfo, MapTable
from pokered_env.recording.heat_map import VisitCounter, crop_to_visited, draw_heat_map
from pokered_env.recording.video import (
    check_picture_path,
    check_video_path,
    save_picture,
    save_video,
)

FRAMES = [np.full((10, 12, 3), shade, np.uint8) for shade in (0, 85, 153, 255)]


@pytest.mark.parametrize("ending", [".webp", ".gif"])
def test_every_frame_is_in_the_video(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"play{ending}"
    assert save_video(FRAMES, path, fps=10, scale=2) == 4
    with Image.open(path) as video:
        assert video.n_frames == 4  # type: ignore[attr-defined]
        assert video.size == (24, 20)


def test_webp_is_lossless(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).choice([0, 85, 153, 255], (20, 20, 1)).astype(np.uint8)
    frames = [noise.repeat(3, 2), 255 - noise.repeat(3, 2)]
    save_video(frames, tmp_path / "play.webp", scale=1)
    with Image.open(tmp_path / "play.webp") as video:
        for i, frame in enumerate(frames):
            video.seek(i)
            assert np.array_equal(np.asarray(video.convert("RGB")), frame)


def test_an_mp4_has_every_frame_at_its_size(tmp_path: Path) -> None:
    assert save_video(FRAMES, tmp_path / "play.mp4", fps=10, scale=4) == 4
    film = imageio.v3.imread(tmp_path / "play.mp4")
    assert film.shape == (4, 40, 48, 3)
    shades = film.mean((1, 2, 3))
    assert shades == pytest.approx([frame.mean() for frame in FRAMES], abs=8)


@pytest.mark.parametrize("ending", [".WebP", ".GIF", ".MP4"])
def test_endings_may_be_written_in_capitals(tmp_path: Path, ending: str) -> None:
    assert save_video(FRAMES, tmp_path / f"play{ending}") == 4
    assert len(imageio.v3.imread(tmp_path / f"play{ending}", index=...)) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="does not tell the peak of memory")
@pytest.mark.parametrize("ending", [".webp", ".mp4"])
def test_the_frames_of_a_long_video_are_never_all_in_memory(tmp_path: Path, ending: str) -> None:
    script = """
import resource, sys, numpy as np
from pathlib import Path
from pokered_env.recording.video import save_video
def frames(count):
    for i in range(count):
        frame = np.zeros((144, 304, 3), np.uint8)
        frame[i % 144] = 255
        yield frame
def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
save_video(frames(20), Path(sys.argv[1]))
before = peak()
save_video(frames(320), Path(sys.argv[1]))
print(peak() - before)
"""
    words = [sys.executable, "-c", script, str(tmp_path / f"play{ending}")]
    run = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(run.stdout) < 300 * 144 * 304 * 3  # of frames twice as large each way


def test_gymnasiums_wrapper_records_an_episode(tmp_path: Path) -> None:
    pytest.importorskip("moviepy")
    game = gym.make("pokered_env:PokeRed-v0", render_mode="rgb_array", max_steps=6)
    env = gym.wrappers.RecordVideo(game, str(tmp_path), episode_trigger=lambda number: True)
    env.reset(seed=0)
    lcd = env.render()
    for _ in range(6):
        env.step(0)
    env.close()
    film = imageio.v3.imread(tmp_path / "rl-video-episode-0.mp4")
    assert film.shape == (7, 144, 160, 3)
    assert np.abs(film[0].astype(int) - np.asarray(lcd)).mean() < 8


def test_another_ending_no_frames_and_no_speed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.webp"):
        save_video(FRAMES, tmp_path / "play.avi")
    with pytest.raises(ConfigError):
        save_video([], tmp_path / "play.gif")
    with pytest.raises(ConfigError):
        save_video(FRAMES, tmp_path / "play.gif", fps=0)
    with pytest.raises(ConfigError, match="shape"):
        save_video([*FRAMES, FRAMES[0][1:]], tmp_path / "play.gif")


def test_a_file_that_cannot_be_written_is_named_before_a_frame_is_made(tmp_path: Path) -> None:
    def never() -> Iterator[np.ndarray]:
        pytest.fail("a frame was asked for")
        yield FRAMES[0]

    (tmp_path / "folder.gif").mkdir()
    for path in (tmp_path / "nowhere" / "play.gif", tmp_path / "folder.gif"):
        with pytest.raises(PokeRedError, match="Cannot write"):
            save_video(never(), path)
    with pytest.raises(ConfigError, match=r"\.webp"):
        check_video_path(tmp_path / "play.avi")


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(PokeRedError, match="nowhere"):
        save_picture(FRAMES[0], tmp_path / "nowhere" / "map.png")
    with pytest.raises(PokeRedError, match="nowhere"):
        check_picture_path(tmp_path / "nowhere" / "map.png")
    with pytest.raises(ConfigError, match=r"\.png"):
        check_picture_path(tmp_path / "map.txt")
    check_picture_path(tmp_path / "map.PNG")


MAPS = MapTable(
    [
        MapInfo(0, "TOWN", 4, 3, (1, 1), None, None),
        MapInfo(1, "PATH", 2, 2, (5, 4), None, None),
        MapInfo(37, "HOUSE", 8, 8, None, 0, (1, 1)),
    ]
)


def test_the_heat_map_tells_outside_ground_rare_and_often() -> None:
    counts = np.zeros((6, 7), int)
    counts[2, 2], counts[2, 3] = 1, 100
    picture = draw_heat_map(counts, MAPS, scale=1)
    assert picture.shape == (6, 7, 3)
    colours = [tuple(picture[y, x].tolist()) for x, y in ((0, 0), (1, 1), (2, 2), (3, 2))]
    assert len(set(colours)) == 4
    assert sum(colours[3]) > sum(colours[2])


def test_visits_are_counted_where_the_player_comes_to_a_tile_outdoors() -> None:
    visits = VisitCounter(MAPS)
    for place in [(0, 1, 2), (0, 1, 2), (0, 2, 2), (0, 1, 2), (37, 1, 1), (0, 1, 2), (1, 255, 9)]:
        visits.add(place)
    assert visits.counts.shape == (6, 7)
    rows, columns = np.nonzero(visits.counts)
    assert [*zip(columns, rows, visits.counts[rows, columns], strict=True)] == [
        (2, 3, 3),
        (3, 3, 1),
        (5, 5, 1),
    ]
    assert (visits.draw() == draw_heat_map(visits.counts, MAPS)).all()  # the margin is wider


def test_the_part_that_was_visited_can_be_cut_out() -> None:
    counts = np.zeros((60, 70), int)
    counts[30, 40] = 1
    picture = draw_heat_map(counts, MAPS, scale=4)
    assert crop_to_visited(picture, counts, scale=4, margin=2).shape == (20, 20, 3)
    assert crop_to_visited(picture, counts * 0, scale=4) is picture
