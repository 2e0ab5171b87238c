"""The outline of a file agrees with what a decoder finds, and never needs one."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from bench.hostile_uploads import png_chunk, png_with
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS
from service.media.video import write_mp4
from service.uploads.containers import (
    BrokenOutline,
    TooManyParts,
    outline_of_boxes,
    outline_of_jpeg,
    outline_of_png,
)
from service.uploads.formats import UPLOAD_FORMATS
from tests.service.pictures import FACTS, painted, walk


@pytest.mark.parametrize("name", FORMATS)
def test_size_and_end_of_a_picture_are_found(name: str) -> None:
    """In files of this service, whatever follows them."""
    file = FORMATS[name].write(painted(40)[:24], FACTS)
    outline = UPLOAD_FORMATS[name].outline(file + b"more")

    assert (outline.width, outline.height, outline.frames) == (40, 24, 1)
    assert outline.end == len(file)
    assert 500 < outline.metadata < 10_000


@pytest.mark.parametrize("name", ["webp", "gif", "png"])
def test_frames_of_an_animation_are_counted(name: str) -> None:
    """Also those that repeat the one before."""
    file = MOVING_FORMATS[name].write(walk(16), 24, True, FACTS)
    outline = UPLOAD_FORMATS[name].outline(file)

    assert (outline.width, outline.height, outline.frames) == (16, 16, 5)
    assert outline.end == len(file)


@pytest.mark.parametrize("settings", [{"lossless": False}, {"lossless": True}])
def test_size_of_a_webp_file_without_extended_header_is_found(settings: dict[str, bool]) -> None:
    """Lossy and lossless files begin differently."""
    file = io.BytesIO()
    Image.new("RGB", (70, 30)).save(file, "WEBP", **settings)
    outline = UPLOAD_FORMATS["webp"].outline(file.getvalue())

    assert (outline.width, outline.height, outline.metadata) == (70, 30, 0)


def test_passes_over_a_progressive_jpeg_are_counted_and_a_lost_end_is_none() -> None:
    """Each pass takes as long as the whole picture."""
    file = io.BytesIO()
    Image.fromarray(painted(64)).save(file, "JPEG", progressive=True)
    content = file.getvalue()

    assert outline_of_jpeg(content).scans == content.count(b"\xff\xda") > 5
    assert outline_of_jpeg(content[:-2]).end == len(content) - 2


def test_boxes_of_a_film_end_where_the_film_does() -> None:
    """A chain of boxes has no last one; what is no box follows it."""
    film = write_mp4(walk(32), 24, True, FACTS)

    assert outline_of_boxes(film).end == len(film)
    assert outline_of_boxes(film + b"\xff" * 20).end == len(film)
    with pytest.raises(BrokenOutline, match="middle of a box"):
        outline_of_boxes(film[:-1])


def test_frames_count_by_their_control_chunks_too() -> None:
    """The announced number may be too small."""
    controls = [png_chunk(b"fcTL", bytes(26))] * 7
    file = png_with(4, 4, png_chunk(b"acTL", struct.pack(">II", 2, 0)), *controls)

    assert outline_of_png(file).frames == 7


def test_a_file_of_countless_parts_is_given_up() -> None:
    """Each part costs time, and a small file may have a million."""
    with pytest.raises(TooManyParts):
        outline_of_png(png_with(4, 4, png_chunk(b"teSt", b"") * 140_000))
