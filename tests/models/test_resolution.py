"""Resolutions, levels and sizes."""

import pytest

from models.resolution import level_of, require_base, resolution_of, size_of


@pytest.mark.parametrize("level", range(9))
def test_level_and_resolution_are_each_others_reverse(level: int) -> None:
    """Levels 0 to 8 are 4 to 1024 pixels."""
    assert resolution_of(level) == 4 * 2**level
    assert level_of(resolution_of(level)) == level


@pytest.mark.parametrize("resolution", [-8, 0, 1, 2, 3, 5, 48, 1023, 2048])
def test_a_resolution_that_no_level_has_is_refused(resolution: int) -> None:
    """Only powers of two from 4 to 1024 have a level."""
    with pytest.raises(ValueError, match="power of two from 4 to 1024"):
        level_of(resolution)


def test_a_size_follows_from_resolution_and_base() -> None:
    """The resolution is the side that began as four, whichever is the longer one."""
    assert [size_of(4 << k, (4, 6)) for k in range(3)] == [(4, 6), (8, 12), (16, 24)]


@pytest.mark.parametrize("base", [(6, 6), (4, 17), (1, 4)])
def test_a_base_has_one_side_of_four(base: tuple[int, int]) -> None:
    """And another from 2 to 16."""
    with pytest.raises(ValueError, match="needs one side of 4 and another from 2 to 16"):
        require_base(base)
