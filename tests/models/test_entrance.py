"""A class, or a point between two."""

import pytest

from models.entrance import ClassPoint


@pytest.mark.parametrize(
    ("point", "pure"),
    [
        (ClassPoint(1, 1), True),
        (ClassPoint(1, 1, 0.5), True),
        (ClassPoint(1, 2, 0.0), True),
        (ClassPoint(1, 2, 0.5), False),
    ],
)
def test_a_point_is_pure_where_one_class_alone_counts(point: ClassPoint, pure: bool) -> None:
    """At its beginning, and between equal classes."""
    assert point.is_pure is pure
