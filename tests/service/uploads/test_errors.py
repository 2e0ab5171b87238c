"""Errors of uploads, for machines and people."""

from __future__ import annotations

import inspect

from service import errors as errors_of_the_service
from service.errors import RequestError
from service.uploads import errors


def test_every_error_is_in_the_tree_with_its_status_and_a_kind_of_its_own() -> None:
    """So that machines tell them apart from all others."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, RequestError) and kind.__module__ == errors.__name__
    ]
    others = [
        kind.kind
        for _, kind in inspect.getmembers(errors_of_the_service, inspect.isclass)
        if issubclass(kind, errors_of_the_service.ServiceError)
    ]

    assert len(kinds) == 3
    for kind in kinds:
        assert f"{kind.__name__}" in (errors.__doc__ or "")
        assert str(kind.status) in (errors.__doc__ or "")
        assert kind.kind not in others
