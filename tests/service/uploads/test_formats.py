"""Content alone decides what a file is, and its outline whether it is decoded."""

from __future__ import annotations

import random

import pytest

from bench.hostile_uploads import OTHERS, picture, png_chunk, png_with
from service.media.video import write_mp4
from service.uploads.errors import PictureDamaged, PictureNotTaken, PictureTooLarge
from service.uploads.formats import (
    MOST_COMPRESSED,
    MOST_METADATA,
    PICTURES,
    UPLOAD_FORMATS,
    check_size,
    checked_outline,
    format_of,
)
from tests.service.pictures import FACTS, walk


@pytest.mark.parametrize("name", PICTURES)
def test_a_format_is_recognised_by_its_first_bytes(name: str) -> None:
    """Files of Pillow, of each format that is decoded."""
    assert format_of(picture(random.Random(1), UPLOAD_FORMATS[name].pillow)) == name


@pytest.mark.parametrize("writer", OTHERS)
def test_formats_that_pillow_opens_and_nobody_needs_are_refused(writer: str) -> None:
    """Each decoder more is a decoder that may be attacked; the answer lists those that remain."""
    with pytest.raises(PictureNotTaken, match="none of image/png, image/jpeg") as refused:
        format_of(picture(random.Random(1), writer))

    assert refused.value.headers["Accept"].startswith("image/png, image/jpeg")
    assert refused.value.members["allowed"] == [UPLOAD_FORMATS[n].media_type for n in PICTURES]


def test_films_are_taken_only_where_they_are_allowed() -> None:
    """They are never decoded."""
    film = write_mp4(walk(32), 24, True, FACTS)

    assert format_of(film, ("mp4",)) == "mp4"
    with pytest.raises(PictureNotTaken):
        format_of(film)


def test_an_empty_body_is_said_to_be_one() -> None:
    """The most frequent mistake."""
    with pytest.raises(PictureDamaged, match="the body is empty"):
        format_of(b"")


def test_limits_count_pixels_of_one_picture_and_of_all_frames() -> None:
    """An animation may have four times as many pixels as a picture."""
    check_size(100, 100, 4, 10_000)
    with pytest.raises(PictureTooLarge, match="100 x 101 pixels, 10100 in all; up to 10000"):
        check_size(100, 101, 1, 10_000)
    with pytest.raises(PictureTooLarge, match="5 frames of 100 x 100 pixels; up to 4 of this"):
        check_size(100, 100, 5, 10_000)
    with pytest.raises(PictureTooLarge, match="up to 1200"):
        check_size(1, 1, 1201, 10_000)


def test_metadata_may_be_long_and_not_endless() -> None:
    """They are read before anything is decoded."""
    text = png_chunk(b"tEXt", b"a\0" + bytes(MOST_METADATA))
    small = png_chunk(b"zTXt", b"a\0\0")

    with pytest.raises(PictureTooLarge, match="bytes of metadata"):
        checked_outline(png_with(4, 4, text), "png", 100)
    with pytest.raises(PictureTooLarge, match="17 compressed texts"):
        checked_outline(png_with(4, 4, *[small] * (MOST_COMPRESSED + 1)), "png", 100)


@pytest.mark.parametrize("name", PICTURES)
def test_a_file_that_ends_anywhere_gives_an_outline_or_a_sentence(name: str) -> None:
    """No other exception leaves the walk over its parts."""
    content = picture(random.Random(2), UPLOAD_FORMATS[name].pillow, side=8)
    said: set[str] = set()
    for end in range(1, len(content)):
        try:
            checked_outline(content[:end], name, 100)
        except (PictureDamaged, PictureTooLarge) as error:
            said.add(str(error))

    assert said
    assert all(name in sentence for sentence in said)
