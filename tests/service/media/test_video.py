"""MP4 files, decoded frame by frame."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The stubs of PyAV leave the type of what a packet belongs to open.

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from models.picture import Pixels, in_colour, on_white
from service.media.video import SMALLEST_SIDE, deterministic_options, write_mp4
from tests.service.pictures import FACTS, painted, psnr, walk


def shots(file: bytes) -> list[Pixels]:
    """Every frame of a film as RGB."""
    with av.open(io.BytesIO(file), "r") as film:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in film.decode(video=0)]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_film_shows_every_frame_close_to_what_went_in(channels: int) -> None:
    """No frame vanishes, also a repeated one; transparency is laid over white."""
    frames = walk(64, channels)

    found = shots(write_mp4(frames, 12, True, FACTS))

    assert len(found) == len(frames)
    pairs = zip(found, frames, strict=True)
    assert min(psnr(a, in_colour(on_white(b))) for a, b in pairs) > 30


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
def test_colours_are_right(colour: tuple[int, int, int]) -> None:
    """The file says which colour matrix it uses, and uses that."""
    flat = np.full((64, 64, 3), colour, np.uint8)

    assert np.abs(shots(write_mp4([flat], 1, True, FACTS))[0].astype(int) - flat).max() <= 3


@pytest.mark.parametrize(("size", "enlarged"), [(4, 64), (8, 64), (48, 96), (64, 64), (65, 66)])
def test_tiny_and_odd_pictures_fit(size: int, enlarged: int) -> None:
    """Tiny ones are enlarged by a whole factor, odd ones continued by a pixel."""
    shot = shots(write_mp4([painted(size)], 10, True, FACTS))[0]

    assert shot.shape == (enlarged, enlarged, 3)
    assert min(shot.shape[:2]) >= SMALLEST_SIDE


def test_it_lasts_as_long_as_it_should() -> None:
    """30 frames at 24 per second are 1.25 seconds."""
    with av.open(io.BytesIO(write_mp4(walk(16, frames=30), 24, True, FACTS)), "r") as film:
        stream = film.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base == Fraction(30, 24)
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"


def test_the_index_comes_first_and_the_facts_are_inside() -> None:
    """A browser can play before it has all; the comment and XMP tell the seed."""
    file = write_mp4(walk(16), 10, True, FACTS)

    assert file.index(b"moov") < file.index(b"mdat")
    assert b"trainedAlgorithmicMedia" in file
    with av.open(io.BytesIO(file), "r") as film:
        assert FACTS["seed"] in film.metadata["comment"]


def test_the_same_frames_give_the_same_bytes() -> None:
    """No clock and no race between threads enters the file, nor the state of a processor."""
    assert len({write_mp4(walk(32), 10, True, FACTS) for _ in range(100)}) == 1


@pytest.mark.parametrize(
    ("flags", "options"),
    [("fpu sse2 avx2 avx512f", {"x264-params": "asm=avx2"}), ("fpu sse2 avx2", {})],
)
def test_the_widest_kernels_are_left_out(
    tmp_path: Path, flags: str, options: dict[str, str]
) -> None:
    """Where there are any; a machine that tells nothing is left alone."""
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n")

    assert deterministic_options(tmp_path / "cpuinfo") == options
    assert deterministic_options(tmp_path / "nothing") == {}
