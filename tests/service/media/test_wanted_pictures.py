"""Pictures that an encoder reads one by one, and how it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from models.picture import Pixels
from service.files import JSON, File, animation_file, strip_file, zip_file
from service.media.animation import MOVING_FORMATS, animate
from service.media.wanted_pictures import NotWanted, WantedPictures
from tests.service.pictures import FACTS, walk


class CountedPictures(WantedPictures):
    """Pictures that are abandoned after a number of readings."""

    def __init__(self, pictures: Sequence[Pixels], most: int = 1000) -> None:
        super().__init__(pictures)
        self.most = most
        self.readings = 0

    def __getitem__(self, place: Any) -> Any:
        """A picture; another one may follow or not."""
        if self.readings == self.most:
            self.abandon()
        self.readings += 1
        return super().__getitem__(place)


def test_pictures_are_those_that_were_given() -> None:
    """As a list has them."""
    frames = walk(8)
    wanted = WantedPictures(frames)

    assert len(wanted) == len(frames)
    assert all(a is b for a, b in zip(wanted, frames, strict=True))
    assert all(a is b for a, b in zip(wanted[1:], frames[1:], strict=True))


@pytest.mark.parametrize("name", MOVING_FORMATS)
def test_an_animation_of_them_has_the_same_bytes(name: str) -> None:
    """Whether its frames may be read again or not."""
    frames = walk(8)

    assert animate(WantedPictures(frames), name, 12, True, FACTS) == animate(
        iter(frames), name, 12, True, FACTS
    )


def animated(name: str) -> Callable[[Sequence[Pixels]], File]:
    """Write an animation of a format."""
    return lambda frames: animation_file(frames, name, 12, True, FACTS, None)


def zipped(frames: Sequence[Pixels]) -> File:
    """Write each frame as a file."""
    files = [(f"{n}", File(b"", JSON, "")) for n, _ in enumerate(frames)]
    return zip_file(files, frames, FACTS)


WRITERS: dict[str, Callable[[Sequence[Pixels]], File]] = {
    **{name: animated(name) for name in MOVING_FORMATS},
    "strip": lambda frames: strip_file(frames, "png", FACTS, None),
    "zip": zipped,
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_encoder_stops_before_the_next_picture(name: str) -> None:
    """Wherever it is when the request ends: at the first picture, or at the last."""
    frames = walk(8)
    whole = CountedPictures(frames)
    WRITERS[name](whole)
    assert whole.readings > len(frames)
    for most in range(whole.readings):
        stopped = CountedPictures(frames, most)
        with pytest.raises(NotWanted):
            WRITERS[name](stopped)
        assert stopped.readings == most + 1
