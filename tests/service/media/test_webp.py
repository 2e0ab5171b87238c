"""WebP files, read back by Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.picture import Pixels, in_colour
from service.media.png import write_png
from service.media.webp import write_animated_webp, write_webp
from tests.service.pictures import FACTS, any_picture, decoded, durations, opened, painted, walk


@given(any_picture())
def test_any_picture_comes_back_as_it_was(picture: Pixels) -> None:
    """Lossless, colours under full transparency included; gray comes back as equal RGB."""
    colour = in_colour(picture)

    assert (decoded(write_webp(picture, FACTS), colour.shape[2])[0] == colour).all()


@given(st.lists(any_picture(), min_size=1, max_size=3), st.integers(1, 240), st.booleans())
def test_an_animation_decodes_to_exactly_its_frames(
    pictures: list[Pixels], fps: int, loop: bool
) -> None:
    """Every frame is kept, also repeated ones, in order, with its pixels."""
    frames = [pictures[0], *(p for p in pictures if p.shape == pictures[0].shape)]

    file = write_animated_webp(iter(frames), fps, loop, FACTS)

    found = decoded(file, in_colour(frames[0]).shape[2])
    assert len(found) == len(frames)
    assert all((a == in_colour(b)).all() for a, b in zip(found, frames, strict=True))


@pytest.mark.parametrize("fps", [1, 7, 24, 60, 240])
def test_whole_milliseconds_add_up_to_the_right_length(fps: int) -> None:
    """Rounding is spread over the frames instead of adding up."""
    lengths = durations(write_animated_webp(walk(4, frames=30), fps, True, FACTS))

    assert len(lengths) == 30
    assert sum(lengths) == round(30 * 1000 / fps)


@pytest.mark.parametrize(("loop", "plays"), [(True, 0), (False, 1)])
def test_an_animation_says_how_often_it_plays(loop: bool, plays: int) -> None:
    """For ever is zero plays, else one."""
    assert opened(write_animated_webp(walk(4), 10, loop, FACTS)).info["loop"] == plays


def test_still_and_moving_files_carry_their_facts() -> None:
    """Both hold XMP and EXIF that an independent reader finds."""
    for file in (write_webp(painted(16), FACTS), write_animated_webp(walk(16), 10, True, FACTS)):
        image = opened(file)

        assert b"trainedAlgorithmicMedia" in image.info["xmp"]
        assert FACTS["seed"] in str(dict(image.getexif()))


def test_transparent_frames_do_not_shine_through_each_other() -> None:
    """A frame replaces the one before, where it is transparent too."""
    frames = [painted(16, 4), np.zeros((16, 16, 4), np.uint8), painted(16, 4)]

    found = decoded(write_animated_webp(frames, 10, True, FACTS), 4)

    assert all((a == b).all() for a, b in zip(found, frames, strict=True))


def test_it_is_smaller_than_png() -> None:
    """What it costs beyond PNG buys bytes."""
    assert len(write_webp(painted(256), FACTS)) < len(write_png(painted(256), FACTS))
