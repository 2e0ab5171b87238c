"""What determines an image, and the walk between key frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.batching.recipe import (
    Method,
    Point,
    frames_of_walk,
    point_between,
    point_of,
    walk,
)

SEEDS = st.lists(st.integers(0, 2**63 - 1), min_size=2, max_size=5)
STEPS = st.integers(1, 12)


def test_a_seed_is_a_point_with_nothing_between() -> None:
    """The method cannot matter where there is no way to go."""
    assert Point(7, 7, 0.0) == point_of(7)


def test_an_open_walk_ends_on_its_last_key_frame() -> None:
    """Two seeds and four steps are five frames: both ends and three between."""
    points = walk([1, 2], 4, loop=False, method=Method.SLERP)

    assert [point_of(1), *(Point(1, 2, i / 4) for i in (1, 2, 3)), point_of(2)] == points


def test_a_loop_walks_back_and_does_not_show_its_first_frame_twice() -> None:
    """The last frame is the one before the first."""
    points = walk([1, 2], 2, loop=True, method=Method.LERP)

    lerp = Method.LERP
    assert [point_of(1), Point(1, 2, 0.5, lerp), point_of(2), Point(2, 1, 0.5, lerp)] == points


def test_one_step_shows_key_frames_alone() -> None:
    """The coarsest walk there is."""
    assert [point_of(s) for s in (3, 1, 2)] == walk([3, 1, 2], 1, loop=False, method=Method.SLERP)


@given(SEEDS, STEPS, st.booleans(), st.sampled_from(Method))
def test_every_key_frame_is_the_picture_of_its_seed(
    seeds: list[int], steps: int, loop: bool, method: Method
) -> None:
    """Every `steps` frames there is a key frame, and a shared one appears once."""
    points = walk(seeds, steps, loop=loop, method=method)

    assert [point_of(seed) for seed in seeds] == points[::steps]
    assert frames_of_walk(len(seeds), steps, loop=loop) == len(points)


def test_a_walk_between_equal_seeds_stands_still() -> None:
    """No rounding makes a picture of its own between a seed and itself."""
    assert {point_of(5)} == set(walk([5, 5], 7, loop=True, method=Method.SLERP))


@given(SEEDS, STEPS, st.sampled_from(Method))
def test_a_frame_of_a_walk_is_the_point_at_its_fraction(
    seeds: list[int], steps: int, method: Method
) -> None:
    """Frame i of n steps is the point at i / n, both ends included."""
    start, end = seeds[:2]
    frames = walk([start, end], steps, loop=False, method=method)

    assert frames == [point_between(start, end, i / steps, method) for i in range(steps + 1)]


@pytest.mark.parametrize("t", [0.0, -0.0, 1.0])
def test_at_its_ends_a_point_between_two_seeds_is_that_of_a_seed(t: float) -> None:
    """So there is one recipe, and one ETag, for one picture."""
    assert point_between(3, 4, t, Method.LERP) == point_of(4 if t else 3)


def test_a_point_cannot_be_changed() -> None:
    """Recipes are shared between threads."""
    with pytest.raises(AttributeError):
        point_of(1).t = 0.5  # type: ignore[misc]
