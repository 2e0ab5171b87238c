"""GIF files, read back by Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from models.picture import Pixels
from service.media.gif import write_gif
from tests.service.pictures import (
    FACTS,
    any_picture,
    decoded,
    durations,
    opened,
    painted,
    psnr,
    walk,
)


@given(any_picture())
def test_any_gray_picture_comes_back_as_it_was(picture: Pixels) -> None:
    """256 grays are a palette, so nothing is lost."""
    gray = picture[..., :1]

    assert (decoded(write_gif([gray], 10, True, FACTS), 1)[0] == gray).all()


def test_colours_come_back_close() -> None:
    """One palette for all frames keeps a rainbow above 27 dB."""
    frames = walk(64)

    found = decoded(write_gif(frames, 10, True, FACTS), 3)

    assert min(psnr(a, b) for a, b in zip(found, frames, strict=True)) > 27


def test_few_colours_come_back_exactly() -> None:
    """A flag of three colours needs no approximation."""
    flag = np.repeat(np.array([[[200, 0, 0], [250, 250, 250], [0, 0, 90]]], np.uint8), 4, axis=1)

    assert (decoded(write_gif([flag, flag], 10, True, FACTS), 3)[1] == flag).all()


def test_what_is_less_than_half_opaque_is_transparent() -> None:
    """GIF knows all or nothing; frames do not shine through each other."""
    frames = [painted(32, 4), painted(32, 4)[:, ::-1]]

    found = decoded(write_gif(frames, 10, True, FACTS), 4)

    for frame, result in zip(frames, found, strict=True):
        assert ((result[..., 3] == 255) == (frame[..., 3] >= 128)).all()


@pytest.mark.parametrize("fps", [1, 7, 24, 50])
def test_hundredths_of_a_second_add_up_to_the_right_length(fps: int) -> None:
    """Rounding is spread over the frames; a repeated frame has its own time."""
    lengths = durations(write_gif(walk(4, frames=30), fps, True, FACTS))

    assert len(lengths) == 30
    assert sum(lengths) == round(30 * 100 / fps) * 10


def test_no_delay_is_shorter_than_players_accept() -> None:
    """At 240 frames per second each lasts 20 ms, which plays instead of crawling."""
    assert set(durations(write_gif(walk(4), 240, True, FACTS))) == {20}


def test_it_loops_only_when_asked_and_carries_its_facts() -> None:
    """The loop extension is there or not; the comment tells the seed."""
    assert opened(write_gif(walk(4), 10, True, FACTS)).info["loop"] == 0
    once = opened(write_gif(walk(4), 10, False, FACTS))
    assert "loop" not in once.info
    assert FACTS["seed"].encode() in once.info["comment"]


def test_a_long_comment_is_split_into_blocks() -> None:
    """More than 255 bytes of facts come back whole."""
    image = opened(write_gif(walk(4), 10, True, {"seeds": "1234567890" * 60}))

    assert image.info["comment"] == b"seeds=" + b"1234567890" * 60
