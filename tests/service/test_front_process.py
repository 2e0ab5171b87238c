"""A front-end process: its share of what is limited for the whole service."""

from __future__ import annotations

from service.front_process import memory_bytes, share_of
from service.settings import Settings


def test_front_ends_share_encoders_and_the_bytes_of_pictures(settings: Settings) -> None:
    """Together they have what one process has; each has at least one encoder."""
    many = settings.model_copy(update={"frontends": 4, "encoders": 8, "unencoded_bytes": 2**24})

    assert (share_of(many).encoders, share_of(many).unencoded_bytes) == (2, 2**22)
    assert share_of(many.model_copy(update={"encoders": 1})).encoders == 1


def test_the_largest_request_fits_into_the_memory_when_everything_else_is_taken(
    settings: Settings,
) -> None:
    """64 pictures of 1024 px, or the longest walk."""
    larger = settings.model_copy(update={"interpolation_pixels": 2**27})

    assert memory_bytes(settings) >= settings.unencoded_bytes + 64 * 1024**2 * 3
    assert memory_bytes(larger) >= settings.unencoded_bytes + 2**27 * 3
