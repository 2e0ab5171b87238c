"""Names in the Content Credentials of our files."""

from __future__ import annotations

from service.credentials.labels import CONTAINERS
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS


def test_every_format_of_a_file_can_carry_credentials() -> None:
    """A new format is either added here or left unsigned on purpose."""
    formats = [*FORMATS.values(), *MOVING_FORMATS.values()]

    assert {each.media_type for each in formats} == set(CONTAINERS)
