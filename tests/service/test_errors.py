"""The tree of errors: each with its status, its kind and whose fault it is."""

from __future__ import annotations

import inspect

import pytest

from service import errors
from service.errors import OutOfRange, Refused, RequestError, ServiceError
from service.operations.metrics import REASONS

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ServiceError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_drawn_in_the_tree(kind: type[ServiceError]) -> None:
    """With its status, where it has one of its own."""
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line)

    if not kind.__subclasses__():
        assert str(kind.status) in line


def test_leaves_of_the_tree_have_kinds_of_their_own() -> None:
    """Machines tell them apart by kind."""
    leaves = [kind.kind for kind in CLASSES if not kind.__subclasses__()]

    assert len(set(leaves)) == len(leaves)


def test_blame_and_status_agree() -> None:
    """Four hundreds are the client's to mend; refusals say why nothing was done."""
    for kind in CLASSES:
        if issubclass(kind, RequestError):
            assert 400 <= kind.status < 500
            assert kind.reason is None
        if issubclass(kind, Refused):
            assert kind.reason is None or kind.reason in REASONS


def test_a_value_out_of_range_names_the_parameter_and_what_is_allowed() -> None:
    """In words and as members."""
    error = OutOfRange("size", "7 is odd", [2, 4])

    assert str(error) == "size: 7 is odd"
    assert error.members["allowed"] == [2, 4]
    assert error.members["errors"] == [
        {"parameter": "size", "message": "7 is odd", "allowed": [2, 4]}
    ]
