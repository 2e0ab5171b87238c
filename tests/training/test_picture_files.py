"""Pictures and films as files."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from models.picture import Pixels, in_colour, on_white
from training import picture_files

FRAMES = [np.full((10, 6, 3), value, np.uint8) for value in (0, 120, 250)]


def picture(channels: int) -> Pixels:
    """Noise."""
    return np.random.default_rng(channels).integers(0, 256, (6, 10, channels), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_and_webp_keep_every_pixel(tmp_path: Path, channels: int) -> None:
    """Gray becomes three equal channels in a WebP."""
    pixels = picture(channels)
    picture_files.save_png(tmp_path / "a.png", pixels)
    picture_files.save_webp(tmp_path / "a.webp", pixels)

    with Image.open(tmp_path / "a.png") as png, Image.open(tmp_path / "a.webp") as webp:
        assert (np.asarray(png).reshape(pixels.shape) == pixels).all()
        assert (np.asarray(webp) == in_colour(pixels)).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_jpeg_lays_transparency_over_white(tmp_path: Path, channels: int) -> None:
    """And is close to the picture: here one colour."""
    pixels = np.full((16, 16, channels), 100, np.uint8)
    picture_files.save_jpeg(tmp_path / "a.jpg", pixels)

    with Image.open(tmp_path / "a.jpg") as jpeg:
        shown = np.asarray(jpeg.convert("RGB")).astype(int)
    assert np.abs(shown - in_colour(on_white(pixels))).max() <= 3


@pytest.mark.parametrize("file_format", ["GIF", "WEBP"])
def test_an_animation_has_its_frames(tmp_path: Path, file_format: str) -> None:
    """Each for its time, for ever."""
    picture_files.write_animation(tmp_path / "a", FRAMES, 10, file_format)

    with Image.open(tmp_path / "a") as film:
        shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        assert film.info["loop"] == 0
        assert film.info["duration"] == 100
    assert [frame[0, 0, 0] for frame in shown] == [0, 120, 250]


def test_a_film_has_its_frames_and_even_sides(tmp_path: Path) -> None:
    """Small pictures are enlarged; colours are those of the frames, within the loss of H.264."""
    picture_files.save_mp4(tmp_path / "a.mp4", FRAMES, 12)

    with av.open(str(tmp_path / "a.mp4")) as film:
        stream = film.streams.video[0]
        assert stream.average_rate == 12
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert [frame.shape for frame in shown] == [(110, 66, 3)] * 3
    assert [round(frame.mean() / 10) for frame in shown] == [0, 12, 25]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """The one of before stays when writing fails."""
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        picture_files.write_whole(path, fail)

    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"before"
