"""Pictures and films as files."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence, PngImagePlugin

from models.picture import Pixels, in_colour, in_eight_bits, on_white
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


def test_a_png_of_sixteen_bits_says_what_its_pixels_stand_for(tmp_path: Path) -> None:
    """And holds all of them; other formats hold the view in 8 bits."""
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 10, 1), np.uint16)
    picture_files.saver_of("png", (-1024.0, 3071.0))(tmp_path / "a.png", pixels)
    picture_files.saver_of("webp", (-1024.0, 3071.0))(tmp_path / "a.webp", pixels)
    picture_files.save_jpeg(tmp_path / "a.jpg", pixels)

    with PngImagePlugin.PngImageFile(tmp_path / "a.png") as png:
        assert png.text == {"bit_depth": "16", "value_low": "-1024", "value_high": "3071"}
        assert (np.asarray(png) == pixels[..., 0]).all()
    with Image.open(tmp_path / "a.webp") as webp, Image.open(tmp_path / "a.jpg") as jpeg:
        assert (np.asarray(webp) == in_colour(in_eight_bits(pixels))).all()
        assert jpeg.mode == "L"


@pytest.mark.parametrize("file_format", ["gif", "webp"])
def test_films_of_sixteen_bits_are_views_in_eight(tmp_path: Path, file_format: str) -> None:
    """Black stays black, white stays white."""
    frames = [np.full((10, 6, 1), value, np.uint16) for value in (0, 65535)]
    picture_files.WALK_FORMATS[file_format](tmp_path / "a", frames, 10)

    with Image.open(tmp_path / "a") as film:
        shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    assert [frame[0, 0, 0] for frame in shown] == [0, 255]
    picture_files.save_mp4(tmp_path / "a.mp4", frames, 10)
    assert (tmp_path / "a.mp4").stat().st_size > 0


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
