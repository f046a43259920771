from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import imageio.v3
import numpy as np
import pytest
from PIL import Image
from pokered_env.errors import ConfigError, PokeRedError
from pokered_env.heat_map import crop_to_visited, draw_heat_map
from pokered_env.maps import MapInfo, MapTable
from pokered_env.video import save_picture, save_video

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


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(PokeRedError, match="nowhere"):
        save_video(FRAMES, tmp_path / "nowhere" / "play.gif")
    with pytest.raises(PokeRedError, match="nowhere"):
        save_picture(FRAMES[0], tmp_path / "nowhere" / "map.png")


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


def test_the_part_that_was_visited_can_be_cut_out() -> None:
    counts = np.zeros((60, 70), int)
    counts[30, 40] = 1
    picture = draw_heat_map(counts, MAPS, scale=4)
    assert crop_to_visited(picture, counts, scale=4, margin=2).shape == (20, 20, 3)
    assert crop_to_visited(picture, counts * 0, scale=4) is picture
