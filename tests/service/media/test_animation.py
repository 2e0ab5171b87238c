"""The table of moving formats."""

from __future__ import annotations

import av
import numpy as np
import pytest

from models.picture import Pixels, in_colour, in_eight_bits
from service.media.animation import ANIMATOR_VERSION, FASTEST, MOVING_FORMATS, animate
from service.media.encoding import ENCODER_VERSION
from tests.service.pictures import FACTS, decoded, walk


@pytest.mark.parametrize("name", MOVING_FORMATS)
@pytest.mark.parametrize("size", [4, 8, 32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_format_holds_every_walk(name: str, size: int, channels: int) -> None:
    """Any size and any channels, from an iterator that can be read only once."""
    frames = walk(size, channels)

    file = animate(iter(frames), name, 12, True, FACTS)

    assert file == animate(frames, name, 12, True, FACTS)
    if MOVING_FORMATS[name].lossless:
        found = decoded(file, max(channels, 3))
        assert all((a == in_colour(b)).all() for a, b in zip(found, frames, strict=True))


@pytest.mark.parametrize("name", MOVING_FORMATS)
def test_one_frame_is_enough_and_none_is_refused(name: str) -> None:
    """A walk of a single step still plays; an empty one says why not."""
    assert animate(walk(8)[:1], name, 1, False, FACTS)
    with pytest.raises(ValueError, match="at least one frame"):
        animate([], name, 12, True, FACTS)


@pytest.mark.parametrize("name", MOVING_FORMATS)
def test_frames_of_another_shape_are_refused(name: str) -> None:
    """The error names the frame and both shapes."""
    frames: list[Pixels] = [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 1), np.uint8)]

    with pytest.raises(ValueError, match=r"frame 1 is \[8, 8, 1\], the first is \[8, 8, 3\]"):
        animate(frames, name, 12, True, FACTS)


@pytest.mark.parametrize("fps", [0, -1, FASTEST + 1])
def test_an_impossible_speed_is_refused(fps: int) -> None:
    """The error says what is allowed."""
    with pytest.raises(ValueError, match="1 to 240"):
        animate(walk(4), "webp", fps, True, FACTS)


def test_an_unknown_format_names_the_known_ones() -> None:
    """The error says what to use."""
    with pytest.raises(ValueError, match="webp, gif, png, mp4"):
        animate(walk(4), "avi", 12, True, FACTS)


def test_the_version_changes_with_the_libraries() -> None:
    """Stills and films each add theirs."""
    assert ENCODER_VERSION in ANIMATOR_VERSION
    assert av.__version__ in ANIMATOR_VERSION


@pytest.mark.parametrize("name", MOVING_FORMATS)
def test_formats_without_sixteen_bits_hold_views_in_eight(name: str) -> None:
    """The same file as of those views; an animated PNG holds all bits."""
    random = np.random.default_rng(0)
    frames: list[Pixels] = [random.integers(0, 65536, (8, 8, 1), np.uint16) for _ in range(2)]
    shallow: list[Pixels] = [in_eight_bits(frame) for frame in frames]
    same = animate(frames, name, 12, True, FACTS) == animate(shallow, name, 12, True, FACTS)

    assert same == (name != "png")
    assert MOVING_FORMATS[name].bit_depth == (16 if name == "png" else 8)
